package consumer

import "time"

// pace says how long a folder merges blocks before it folds them: the least
// interval while it keeps up, longer while blocks come faster than they are folded
// or what they bring is old. A fold costs by its groups and not by the records
// behind them, so fewer, larger folds catch up faster.
//
//   - It merges for at least as long as the last fold took: at most half of its
//     time is spent waiting for PostgreSQL.
//   - Rows whose newest record was seconds old when it was folded may become a quarter
//     older. Of few rows nobody is behind, however old their records say that
//     they are: a replayed topic's records may have the time of years ago.
//
// It keeps nothing but the last fold: with the cause the interval is gone.
type pace struct {
	least, most time.Duration
	now         time.Duration
}

// paceRows is how many rows make a fold worth waiting for.
const paceRows = 1000

func newPace(cfg *Config) pace {
	return pace{least: cfg.FoldInterval, most: max(cfg.FoldInterval, cfg.FoldIntervalMax), now: cfg.FoldInterval}
}

// folded learns from a fold: how long it took, how many rows it changed, and how
// old the newest record behind them was when it was done.
func (p *pace) folded(took time.Duration, rows int, age time.Duration) {
	p.now = took
	if rows >= paceRows {
		p.now = max(p.now, age/4)
	}
	p.now = min(max(p.now, p.least), p.most)
}
