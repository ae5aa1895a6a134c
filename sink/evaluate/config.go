package evaluate

import (
	"errors"
	"fmt"
	"time"
)

// Config are the settings of the evaluation of expressions in PostgreSQL.
type Config struct {
	// PoolSize is how many connections evaluate for views with expressions that
	// only PostgreSQL knows, and so how many batches a process has under way at
	// once. They are beside those of MILLRACE_DATABASE_POOL, and are opened when
	// they are needed.
	PoolSize int `env:"MILLRACE_EVALUATOR_POOL" envDefault:"4"`
	// Timeout is how long PostgreSQL may evaluate a batch. One that takes longer is
	// cut into smaller ones; a record that takes longer alone, twice, has failed.
	// Half of it is how long a lock on a table is waited for, which fails no record.
	Timeout time.Duration `env:"MILLRACE_EVALUATOR_TIMEOUT" envDefault:"30s"`
}

// DefaultConfig returns the defaults of the tags.
func DefaultConfig() Config { return Config{PoolSize: 4, Timeout: 30 * time.Second} }

// Validate reports every setting that cannot work.
func (c Config) Validate() error {
	var faults []error
	if c.PoolSize < 1 || c.PoolSize > 1000 {
		faults = append(faults, fmt.Errorf("MILLRACE_EVALUATOR_POOL is %d: choose 1 to 1000", c.PoolSize))
	}
	if c.Timeout < 10*time.Millisecond || c.Timeout > time.Hour {
		faults = append(faults, fmt.Errorf("MILLRACE_EVALUATOR_TIMEOUT is %v: choose 10ms to 1h", c.Timeout))
	}
	return errors.Join(faults...)
}
