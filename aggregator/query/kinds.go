package query

import "github.com/millrace/millrace/aggregator/datum"

// TypeKind is what pg_type says of a type that is not the same in every database.
type TypeKind struct {
	Kind   string   `json:"kind"`             // typtype: b, c, d (domain), e (enum), p, r, m
	Base   uint32   `json:"base,omitempty"`   // of a domain
	Elem   uint32   `json:"elem,omitempty"`   // of an array
	Labels []string `json:"labels,omitempty"` // of an enum, in their order
	Fields []string `json:"fields,omitempty"` // of a composite type, by attribute number
}

// TypeOf returns how vectors hold the values of a type: a domain's as its base
// type's, what has no type of its own as [datum.Other].
func (a *Analysis) TypeOf(oid uint32) datum.Type { return a.typeOf(oid, 0) }

func (a *Analysis) typeOf(oid uint32, depth int) datum.Type {
	if t, ok := datum.TypeOf(oid); ok {
		return t
	}
	kind := a.Kinds[oid]
	switch {
	case depth > maxDepth:
	case kind.Kind == "d":
		return a.typeOf(kind.Base, depth+1)
	case kind.Kind == "e":
		return datum.Enum
	case kind.Elem != 0:
		if elem := a.typeOf(kind.Elem, depth+1); !elem.IsArray() {
			return datum.ArrayOf(elem)
		}
	}
	return datum.Other
}
