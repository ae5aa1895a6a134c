package statement

import (
	"time"

	"github.com/millrace/millrace/aggregator/datum"
)

// Start is where reading a topic begins.
type Start struct {
	// Latest and Earliest are the ends of the topic; At is the time where
	// neither is set.
	Latest, Earliest bool
	At               time.Time
}

// ParseStart reads the value of the parameter start: latest, earliest, or a
// time (RFC 3339, or as PostgreSQL prints it), in UTC where it names no zone.
func ParseStart(value string) (Start, *datum.Error) {
	switch foldASCII(value) {
	case "latest":
		return Start{Latest: true}, nil
	case "earliest":
		return Start{Earliest: true}, nil
	}
	for _, layout := range []string{
		time.RFC3339, "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05Z07", "2006-01-02 15:04:05",
		"2006-01-02T15:04:05", "2006-01-02 15:04Z07:00", "2006-01-02 15:04Z07", "2006-01-02 15:04", "2006-01-02",
	} {
		if at, err := time.Parse(layout, value); err == nil {
			return Start{At: at.UTC()}, nil
		}
	}
	err := datum.Errorf(datum.CodeInvalidParameter, "invalid value for parameter \"start\": \"%s\"", value)
	err.Hint = "It is latest, earliest, or a time such as 2026-01-31 12:00:00+00."
	return Start{}, err
}
