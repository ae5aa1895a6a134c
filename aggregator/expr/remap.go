package expr

import "fmt"

// Remap returns the tree with its columns at other places: the one at i is at
// place(i). Nothing of n is changed; what has no column may be shared with it.
func Remap(n Node, place func(int) int) Node {
	one := func(n Node) Node { return Remap(n, place) }
	all := func(nodes []Node) []Node {
		mapped := make([]Node, len(nodes))
		for i, n := range nodes {
			mapped[i] = one(n)
		}
		return mapped
	}
	switch n := n.(type) {
	case nil:
		return nil
	case *Column:
		return &Column{Index: place(n.Index), Name: n.Name, Of: n.Of}
	case *Const:
		return n
	case *Call:
		return &Call{Proc: n.Proc, Name: n.Name, Args: all(n.Args), Of: n.Of}
	case *Coerce:
		return &Coerce{Arg: one(n.Arg), Of: n.Of, ViaIO: n.ViaIO}
	case *Logic:
		return &Logic{Op: n.Op, Args: all(n.Args)}
	case *Test:
		return &Test{Kind: n.Kind, Arg: one(n.Arg)}
	case *In:
		return &In{Equal: all(n.Equal), Not: n.Not}
	case *Subscript:
		return &Subscript{Array: one(n.Array), At: all(n.At), Of: n.Of}
	case *MakeArray:
		return &MakeArray{Args: all(n.Args), Of: n.Of}
	case *AnyOf:
		return &AnyOf{Arg: one(n.Arg), Array: one(n.Array), Proc: n.Proc, Name: n.Name, All: n.All}
	case *ArrayCast:
		return &ArrayCast{Arg: one(n.Arg), Each: n.Each, Of: n.Of}
	case *Case:
		whens := make([]When, len(n.Whens))
		for i, w := range n.Whens {
			whens[i] = When{Cond: one(w.Cond), Then: one(w.Then)}
		}
		return &Case{Whens: whens, Else: one(n.Else), Of: n.Of}
	case *Coalesce:
		return &Coalesce{Args: all(n.Args), Of: n.Of}
	case *NullIf:
		return &NullIf{Arg: one(n.Arg), Equal: one(n.Equal), Of: n.Of}
	case *Greatest:
		return &Greatest{Least: n.Least, Args: all(n.Args), Of: n.Of}
	case *Distinct:
		return &Distinct{Left: one(n.Left), Right: one(n.Right), Equal: one(n.Equal)}
	}
	panic(fmt.Sprintf("bug: expression node %T cannot be remapped", n))
}
