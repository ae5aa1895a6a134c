package consumer

import "time"

// pace says how long a folder rests after a fold and merges what comes: the least
// interval while it keeps up, longer while blocks come faster than they are folded
// or what they bring is old. A fold costs by its groups and not by the records
// behind them, so fewer, larger folds catch up faster.
//
//   - It rests for at least as long as the last fold took: at most half of its
//     time is spent waiting for PostgreSQL.
//   - Rows whose newest record was seconds old when it was folded may become a quarter
//     older. Of few rows nobody is behind, however old their records say that
//     they are: a replayed topic's records may have the time of years ago.
//   - What comes when it has rested is folded as soon as the rest of its flush is
//     there, and not an interval later.
//
// It keeps nothing but the last fold: with the cause the interval is gone.
type pace struct {
	least, most time.Duration
	now         time.Duration
	ended       time.Time // when the last fold was done
}

// gathering is the part of an interval that the first block of a fold waits for
// others: those of one flush go to several partitions.
const gathering = 8

// due is when something is to be folded whose first block came at a time.
func (p *pace) due(since time.Time) time.Time {
	gathered, rested := since.Add(p.now/gathering), p.ended.Add(p.now)
	if rested.After(gathered) {
		return rested
	}
	return gathered
}

// paceRows is how many rows make a fold worth waiting for.
const paceRows = 1000

func newPace(cfg *Config) pace {
	return pace{least: cfg.FoldInterval, most: max(cfg.FoldInterval, cfg.FoldIntervalMax), now: cfg.FoldInterval}
}

// folded learns from a fold that is done now: how long it took, how many rows it
// changed, and how old the newest record behind them is.
func (p *pace) folded(now time.Time, took time.Duration, rows int, age time.Duration) {
	p.ended, p.now = now, took
	if rows >= paceRows {
		p.now = max(p.now, age/4)
	}
	p.now = min(max(p.now, p.least), p.most)
}
