package format

import (
	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
)

// setNumeric is numeric_in: with precision and scale of the typmod.
func setNumeric(typmod int32, vec *column.Vector, row int, text []byte) *datum.Error {
	x, err := datum.ParseDecimal(text)
	if err == nil {
		x, err = datum.FitNumeric(x, typmod)
	}
	if err != nil {
		return err
	}
	setNull(vec, row)
	start := len(vec.Arena)
	vec.Arena = datum.AppendDecimal(vec.Arena, x)
	endBytes(vec, row, start)
	return nil
}
