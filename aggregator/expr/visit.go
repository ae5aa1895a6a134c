package expr

// Visit calls f for every node of an expression, outer ones first; nil has none. What
// an [ArrayCast] does to each element is an expression of its own and left out.
func Visit(n Node, f func(Node)) {
	if n == nil {
		return
	}
	f(n)
	for _, child := range children(n) {
		Visit(child, f)
	}
}

// children are the nodes that a node is made of.
func children(n Node) []Node {
	switch n := n.(type) {
	case *Call:
		return n.Args
	case *Coerce:
		return []Node{n.Arg}
	case *Logic:
		return n.Args
	case *Case:
		nodes := []Node{n.Else}
		for _, when := range n.Whens {
			nodes = append(nodes, when.Cond, when.Then)
		}
		return nodes
	case *Coalesce:
		return n.Args
	case *NullIf:
		return []Node{n.Arg, n.Equal}
	case *Greatest:
		return n.Args
	case *Test:
		return []Node{n.Arg}
	case *Distinct:
		return []Node{n.Left, n.Right, n.Equal}
	case *In:
		return n.Equal
	case *Subscript:
		return append([]Node{n.Array}, n.At...)
	case *MakeArray:
		return n.Args
	case *AnyOf:
		return []Node{n.Arg, n.Array}
	case *ArrayCast:
		return []Node{n.Arg}
	}
	return nil
}
