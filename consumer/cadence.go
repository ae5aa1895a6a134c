package consumer

import "time"

// cadence says how long a lane aggregates before it publishes: the least
// interval while it keeps up, longer while it is behind. A flush costs by its
// groups and not by its records, and nobody waits for a row within 100 ms whose
// newest record is seconds old anyhow: so a flush may take the half of the time
// that the lane needs to catch up, and what it publishes becomes older by half at
// most. There is no state to leave: with the distance the interval is gone.
type cadence struct {
	least, most time.Duration
	// lag is how many records of the live readings can be read and are not yet,
	// over all partitions, as of the last fetch of each.
	lag   int64
	last  time.Time // when the lane sealed last
	read  int64     // records since then
	speed float64   // records per second: the fastest of late, for a lane that keeps up is as slow as its input
}

// speedDecay is what is left of the speed at each slower flush.
const speedDecay = 0.95

func newCadence(cfg *Config) cadence {
	return cadence{least: cfg.FlushInterval, most: max(cfg.FlushInterval, cfg.FlushIntervalMax)}
}

// interval is how long after the last seal the next one is due.
func (c *cadence) interval() time.Duration {
	if c.lag <= 0 || c.speed <= 0 {
		return c.least
	}
	catchUp := float64(c.lag) / c.speed * float64(time.Second)
	return time.Duration(min(max(catchUp/2, float64(c.least)), float64(c.most)))
}

// sealed learns from an interval that ends now.
func (c *cadence) sealed(now time.Time) {
	speed := float64(c.read) / max(now.Sub(c.last), time.Millisecond).Seconds()
	c.last, c.read = now, 0
	c.speed = max(speed, c.speed*speedDecay)
}

// behind takes how many records of a partition can be read and are not yet.
func (c *cadence) behind(p *inputPartition, records int64) {
	if p.cut || p.atStop() || records < 0 {
		records = 0
	}
	c.lag += records - p.lag
	p.lag = records
}
