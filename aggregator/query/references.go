package query

import (
	"slices"
	"strconv"
	"strings"
)

// Refs are the OIDs that an analysed tree refers to, each once, ascending.
type Refs struct{ Procs, Operators, Types, Collations []uint32 }

// References collects the OIDs in a tree, for the analyser to look up.
func References(tree string) (Refs, error) {
	v, err := parseTree(tree)
	if err != nil {
		return Refs{}, err
	}
	var refs Refs
	walk(v, func(n *node) bool {
		for _, f := range n.fields {
			refs.add(f)
		}
		return true
	})
	for _, oids := range []*[]uint32{&refs.Procs, &refs.Operators, &refs.Types, &refs.Collations} {
		slices.Sort(*oids)
		*oids = slices.Compact(*oids)
	}
	return refs, nil
}

func (r *Refs) add(f field) {
	var to *[]uint32
	switch name := f.name; {
	case name == "funcid", name == "opfuncid", name == "aggfnoid", name == "winfnoid":
		to = &r.Procs
	case name == "opno", name == "sortop":
		to = &r.Operators
	case name == "nulltesttype", name == "booltesttype", name == "jointype":
		return // not of values
	case strings.HasSuffix(name, "collid"), name == "collOid":
		to = &r.Collations
	case strings.HasSuffix(name, "type"), strings.HasSuffix(name, "typeid"), name == "typeId", name == "aggargtypes":
		to = &r.Types
	default:
		return
	}
	add := func(atom string) {
		if oid, err := strconv.ParseUint(atom, 10, 32); err == nil && oid != 0 {
			*to = append(*to, uint32(oid))
		}
	}
	add(f.value.atom)
	for _, item := range f.value.list {
		add(item.atom)
	}
}
