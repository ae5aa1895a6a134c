package evaluate

import (
	"fmt"

	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
)

const (
	textFormat   = 0
	binaryFormat = 1
)

// formatOf is the format in which values of a type are asked for: text where the
// type's output function alone knows them, and for arrays of such.
func formatOf(t datum.Type) int16 {
	switch {
	case t == datum.Enum, t == datum.Other, t.Elem() == datum.Enum, t.Elem() == datum.Other:
		return textFormat
	}
	return binaryFormat
}

// appendValue appends a value in the format of its type.
func appendValue(v *column.Vector, raw []byte) error {
	switch {
	case v.Type == datum.Enum || v.Type == datum.Other:
		v.AppendBytes(raw)
		return nil
	case formatOf(v.Type) == textFormat:
		input := datum.Input{Type: v.Type, Typmod: datum.AnyTypmod}
		value, err := input.Append(nil, raw)
		if err != nil {
			return fmt.Errorf("bug: PostgreSQL sent a %v: %w", v.Type, err)
		}
		v.AppendBytes(value)
		return nil
	}
	if !v.AppendWire(raw) {
		return fmt.Errorf("bug: PostgreSQL sent a %v of %d bytes", v.Type, len(raw))
	}
	return nil
}
