package evaluate

import (
	"context"
	"fmt"
	"sync"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/millrace/millrace/aggregator"
	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/query"
	"github.com/millrace/millrace/sink"
)

// Evaluator evaluates row programs in one PostgreSQL database. It is safe for
// concurrent use.
type Evaluator struct {
	pool   *pgxpool.Pool
	config Config

	mu    sync.Mutex       // guards paces
	paces map[string]*pace // by the programs' SQL
}

// Open makes an evaluator for the target database. It connects when it is needed.
func Open(ctx context.Context, c Config, database sink.Config) (*Evaluator, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	p, err := database.Sessions(" evaluator", c.PoolSize, c.Timeout)
	if err != nil {
		return nil, err
	}
	p.ConnConfig.RuntimeParams["lock_timeout"] = fmt.Sprint(c.Timeout.Milliseconds() / 2)
	pool, err := pgxpool.NewWithConfig(ctx, p)
	if err != nil {
		return nil, sink.Explain(err)
	}
	return &Evaluator{pool: pool, config: c, paces: map[string]*pace{}}, nil
}

// Close waits for the calls in flight and closes every connection.
func (e *Evaluator) Close() { e.pool.Close() }

// Evaluate carries a program out for rows 0 to rows-1 of the vectors in inputs, one
// for each of the program's, which stay the caller's. What comes back is the
// caller's. After an error nothing was evaluated, and the same call may be made
// again: it is [Temporary] or a [ProgramError].
func (e *Evaluator) Evaluate(ctx context.Context, program *query.Remote, inputs []*column.Vector, rows int) (*aggregator.Evaluated, error) {
	pace := e.paceOf(program)
	select {
	case pace.places <- struct{}{}:
		defer func() { <-pace.places }()
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	conn, err := e.pool.Acquire(ctx)
	if err != nil {
		return nil, temporary(err)
	}
	defer conn.Release()
	s := sessionOf(conn.Conn())
	for try := 1; ; try++ {
		statement, err := e.prepared(ctx, s, program)
		if err != nil {
			return nil, err
		}
		b := &batch{
			evaluator: e, session: s, program: program, statement: statement, inputs: inputs, pace: pace,
			out: newCollector(program, statement.fields),
		}
		err = b.run(ctx, rows)
		if try == 1 && stale(err) { // a table's columns changed
			s.forget(ctx, program)
			continue
		}
		if err != nil {
			return nil, err
		}
		return b.out.evaluated(), nil
	}
}

// prepared returns the program's statement in a session.
func (e *Evaluator) prepared(ctx context.Context, s *session, program *query.Remote) (*statement, error) {
	ctx, _, done := e.watched(ctx)
	defer done()
	made, err := s.prepared(ctx, program)
	if err == nil {
		return made, nil
	}
	if f := judge(err); f.err != nil {
		return nil, f.whole()
	}
	return nil, interrupted(ctx, err)
}

// pace is how many rows of a program are sent at once: fewer where they took too
// long.
type pace struct {
	rows int
	// places are the connections that it may use: one is left to others, which a
	// program that is slow, or waits for a lock, would keep from all.
	places chan struct{}
}

func (e *Evaluator) paceOf(program *query.Remote) *pace {
	e.mu.Lock()
	defer e.mu.Unlock()
	p := e.paces[program.SQL]
	if p == nil {
		if len(e.paces) > maxPaces { // of views that are no more
			clear(e.paces)
		}
		p = &pace{rows: column.MaxRows, places: make(chan struct{}, max(1, e.config.PoolSize-1))}
		e.paces[program.SQL] = p
	}
	return p
}

const maxPaces = 1000

// most returns how many rows may be sent at once.
func (e *Evaluator) most(p *pace) int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return p.rows
}

// took learns from pieces of so many rows at most that PostgreSQL evaluated, in
// time or not.
func (e *Evaluator) took(p *pace, rows int, inTime bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case !inTime:
		p.rows = max(1, min(p.rows, rows)/fanOut)
	case rows >= p.rows:
		p.rows = min(2*p.rows, column.MaxRows)
	}
}
