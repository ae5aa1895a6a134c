package query

import (
	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/topology"
)

// ColumnType returns the type of a stream's column; ok is false where this version
// cannot read it.
func ColumnType(c topology.StreamColumn) (t datum.Type, ok bool) {
	switch c.Kind {
	case topology.NativeColumn:
		return datum.TypeOf(c.OID)
	case topology.EnumColumn:
		return datum.Enum, true
	case topology.EnumArrayColumn:
		return datum.ArrayOf(datum.Enum), true
	case topology.OtherColumn:
		return datum.Other, true
	}
	return datum.Invalid, false
}
