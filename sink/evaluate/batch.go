package evaluate

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/millrace/millrace/aggregator"
	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/aggregator/query"
	"github.com/millrace/millrace/sink"
)

// batch is one call: rows on their way to PostgreSQL and back.
type batch struct {
	evaluator *Evaluator
	session   *session
	program   *query.Remote
	statement *statement
	inputs    []*column.Vector
	pace      *pace
	out       *collector
}

// piece is some of the rows, in one statement.
type piece struct {
	from, to int
	late     bool // it has taken too long once
	probe    bool // it is evaluated to see who is at fault, and its rows do not count
}

func (p piece) rows() int { return p.to - p.from }

const (
	// pieceBytes is how large a statement's parameters are, but for those of a
	// single row.
	pieceBytes = 4 << 20
	// fanOut is in how many a piece is cut that fails.
	fanOut = 16
)

// run evaluates the rows: all pieces at once, then those that came to be by
// cutting, until every row has been evaluated or has failed.
func (b *batch) run(ctx context.Context, rows int) error {
	pieces := b.cut(rows)
	for len(pieces) > 0 {
		faults, err := b.exchange(ctx, pieces)
		if err != nil {
			return err
		}
		var next []piece
		for i, f := range faults {
			if f == nil {
				continue
			}
			again, err := b.settle(ctx, pieces[i], f)
			if err != nil {
				return err
			}
			next = append(next, again...)
		}
		pieces = next
	}
	return nil
}

// settle decides what becomes of a piece that failed.
func (b *batch) settle(ctx context.Context, p piece, f *fault) (again []piece, err error) {
	if f.blame == nobody {
		return nil, f.whole()
	}
	if f.blame == timing {
		b.evaluator.took(b.pace, p.rows(), false)
	}
	switch {
	case p.rows() > 1:
		if f.blame == program {
			if err := b.probe(ctx, p, f); err != nil {
				return nil, err
			}
		}
		return p.apart(), nil
	case f.blame == program && !b.out.passed:
		return nil, f.whole()
	case f.blame == timing && !p.late:
		p.late = true
		return []piece{p}, nil
	}
	b.out.failed = append(b.out.failed, aggregator.RowFailure{Row: int32(p.from), Err: f.err})
	return nil, nil
}

// probe finds out whether the program can be carried out for some row at least.
// What the probes return is thrown away: their rows are evaluated again.
func (b *batch) probe(ctx context.Context, p piece, f *fault) error {
	if b.out.passed {
		return nil
	}
	faults, err := b.exchange(ctx, []piece{
		{from: p.from, to: p.from + 1, probe: true},
		{from: (p.from + p.to) / 2, to: (p.from+p.to)/2 + 1, probe: true},
		{from: p.to - 1, to: p.to, probe: true},
	})
	if err != nil {
		return err
	}
	for _, g := range faults {
		if g == nil || g.blame != program {
			b.out.passed = true
			return nil
		}
	}
	return f.whole()
}

// apart cuts a piece.
func (p piece) apart() []piece {
	size := (p.rows() + fanOut - 1) / fanOut
	var all []piece
	for from := p.from; from < p.to; from += size {
		all = append(all, piece{from: from, to: min(from+size, p.to)})
	}
	return all
}

// cut divides the rows into pieces that are neither too large nor too many rows.
func (b *batch) cut(rows int) []piece {
	most := b.evaluator.most(b.pace)
	whole := 0
	for _, v := range b.inputs {
		whole += sink.ArraySize(v, 0, rows)
	}
	if whole <= pieceBytes && rows <= most {
		return []piece{{from: 0, to: rows}}
	}
	var pieces []piece
	from, bytes := 0, 0
	for row := range rows {
		size := b.rowBytes(row)
		if row > from && (bytes+size > pieceBytes || row-from >= most) {
			pieces = append(pieces, piece{from: from, to: row})
			from, bytes = row, 0
		}
		bytes += size
	}
	return append(pieces, piece{from: from, to: rows})
}

func (b *batch) rowBytes(row int) int {
	n := 0
	for _, v := range b.inputs {
		n += 12
		if v.Type.Physical() == datum.PhysBytes && !v.IsNull(row) {
			n += int(v.Slices[row].Len)
		}
	}
	return n
}

// exchange sends pieces and takes in what comes back. It returns a fault for each
// piece that failed, nil for the others.
func (b *batch) exchange(ctx context.Context, pieces []piece) ([]*fault, error) {
	ctx, heard, done := b.evaluator.watched(ctx)
	defer done()
	pipeline := b.session.conn.StartPipeline(ctx)
	faults, err := b.converse(pipeline, pieces, heard)
	var refused *pgconn.PgError // of a piece: it is among the faults
	if closed := pipeline.Close(); err == nil && !errors.As(closed, &refused) {
		err = closed
	}
	if err != nil {
		return nil, interrupted(ctx, err)
	}
	return faults, nil
}

// errSilent occurs when a server says nothing at all, as one whose machine is gone.
var errSilent = errors.New("PostgreSQL did not answer, and did not end the statement after MILLRACE_EVALUATOR_TIMEOUT either")

// answerWithin is how long the server may take beyond its own limit.
const answerWithin = 10 * time.Second

// watched returns a context that ends when the server says nothing for too long. heard
// is to be called at each of its answers.
func (e *Evaluator) watched(ctx context.Context) (watched context.Context, heard, done func()) {
	limit := e.config.Timeout + answerWithin
	watched, cancel := context.WithCancelCause(ctx)
	silence := time.AfterFunc(limit, func() { cancel(errSilent) })
	return watched, func() { silence.Reset(limit) }, func() { silence.Stop(); cancel(nil) }
}

// interrupted is the error of a conversation that broke off.
func interrupted(ctx context.Context, err error) error {
	if errors.Is(context.Cause(ctx), errSilent) {
		return &Temporary{errSilent}
	}
	return temporary(err)
}

// converse calls heard at each answer.
func (b *batch) converse(pipeline *pgconn.Pipeline, pieces []piece, heard func()) ([]*fault, error) {
	for _, p := range pieces {
		values, err := b.parameters(p)
		if err != nil {
			return nil, err
		}
		pipeline.SendQueryPrepared(b.statement.name, values, binaryFormats(len(values)), b.out.formats)
		pipeline.SendPipelineSync()
	}
	if err := pipeline.Flush(); err != nil {
		return nil, err
	}
	faults := make([]*fault, len(pieces))
	for i, p := range pieces {
		err := b.take(pipeline, p)
		if err != nil {
			if faults[i] = judge(err); faults[i].err == nil {
				return nil, err
			}
		}
		if _, err := pipeline.GetResults(); err != nil { // the piece's end
			return nil, err
		}
		heard()
		if err == nil && !p.probe {
			b.evaluator.took(b.pace, p.rows(), true)
		}
	}
	return faults, nil
}

// take takes in what one piece returns: all of it or nothing.
func (b *batch) take(pipeline *pgconn.Pipeline, p piece) error {
	results, err := pipeline.GetResults()
	if err != nil {
		return err
	}
	reader, ok := results.(*pgconn.ResultReader)
	if !ok {
		return fmt.Errorf("bug: answer %T to a row program", results)
	}
	b.out.begin(p)
	var broken error
	for reader.NextRow() {
		if broken == nil && !p.probe {
			broken = b.out.add(reader.Values())
		}
	}
	if _, err = reader.Close(); err == nil {
		err = broken
	}
	if err == nil {
		err = b.out.complete(b.program)
	}
	if err != nil {
		b.out.drop()
	}
	return err
}

// parameters writes a piece's rows as the statement takes them.
func (b *batch) parameters(p piece) ([][]byte, error) {
	values := make([][]byte, len(b.inputs))
	for i, v := range b.inputs {
		var err error
		if values[i], err = sink.AppendArray(nil, v, p.from, p.to); err != nil {
			return nil, err
		}
	}
	return values, nil
}

func binaryFormats(n int) []int16 {
	formats := make([]int16, n)
	for i := range formats {
		formats[i] = 1
	}
	return formats
}
