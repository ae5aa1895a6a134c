package datum

// Span is an interval: PostgreSQL's months, days and microseconds, which are
// kept apart because neither has a fixed length in the next.
type Span struct {
	Micros int64
	Days   int32
	Months int32
}
