package sink

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"github.com/millrace/millrace/aggregator"
)

// exchange sends a fold's statements in as few messages as their size allows, for
// each message that waits for its answer costs both sides more than a small
// statement does. PostgreSQL carries out nothing behind a statement that fails,
// so what must hold for the rest is a statement that fails where it does not.
type exchange struct {
	tx     pgx.Tx // from the first message on
	send   func(ctx context.Context, b *pgx.Batch) pgx.BatchResults
	batch  *pgx.Batch
	asked  []question
	rows   int // in the message
	bytes  int // of text and numerics in it
	pieces []*aggregator.Piece
	used   int // of the pieces, by the message
}

// question is a statement whose answer is awaited.
type question struct {
	sql    string
	task   *task // whose rows it merges, nil for none
	answer func(answers pgx.BatchResults) error
}

// ask adds a statement to the message.
func (x *exchange) ask(t *task, answer func(pgx.BatchResults) error, sql string, args ...any) {
	if x.batch == nil {
		x.batch = &pgx.Batch{}
	}
	x.batch.Queue(sql, args...)
	x.asked = append(x.asked, question{sql, t, answer})
}

// begin makes BEGIN the first statement of the first message.
func (x *exchange) begin() {
	x.batch = &pgx.Batch{}
	x.batch.BeginTx(pgx.TxOptions{BeginQuery: beginFold})
	x.asked = append(x.asked, question{sql: beginFold, answer: done})
	x.ask(nil, done, foldSettings)
}

// done is the answer of a statement that only has to succeed.
func done(answers pgx.BatchResults) error {
	_, err := answers.Exec()
	return err
}

// flush sends the message and judges the answers, in order, up to the first error.
func (x *exchange) flush(ctx context.Context) (err error) {
	if len(x.asked) == 0 {
		return nil
	}
	answers := x.send(ctx, x.batch)
	if x.tx == nil {
		x.tx = answers.Tx()
	}
	for _, q := range x.asked {
		if err = q.answer(answers); err != nil {
			err = x.blame(q, err)
			break
		}
	}
	if closed := answers.Close(); err == nil {
		err = closed
	}
	x.batch, x.asked, x.rows, x.bytes, x.used = nil, x.asked[:0], 0, 0, 0
	return err
}

// blame says whose fault an error is. Statements that the connection does not
// know yet are prepared before the first is carried out, so what the first
// answer says may be about any of them.
func (x *exchange) blame(q question, err error) error {
	var unprepared pgx.ErrPreprocessingBatch
	if errors.As(err, &unprepared) {
		for _, other := range x.asked {
			if other.sql == unprepared.SQL() {
				q = other
				break
			}
		}
	}
	var judged *ViewError
	if q.task == nil || errors.As(err, &judged) {
		return err
	}
	return viewFault(*q.task, err)
}

// piece returns one that no statement of the message uses.
func (x *exchange) piece() *aggregator.Piece {
	if x.used == len(x.pieces) {
		x.pieces = append(x.pieces, &aggregator.Piece{})
	}
	x.used++
	return x.pieces[x.used-1]
}
