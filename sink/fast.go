package sink

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/millrace/millrace/aggregator"
)

// codeClaimLost is the SQLSTATE of a fold's first statement where the claim is lost.
const codeClaimLost = "MR001"

// holdPosition is movePosition as a statement that fails where it moves nothing: of
// what follows in the same message nothing is carried out then, so that no row is
// touched by one that may not fold.
var holdPosition = fmt.Sprintf(`WITH moved AS (%s RETURNING true)
	SELECT CASE WHEN EXISTS (SELECT FROM moved) THEN true ELSE millrace.raise('%s the claim on the partition is lost', true) END`, movePosition, codeClaimLost)

// keptPieces is how many pieces are kept for the next fold.
const keptPieces = 8

// foldFast carries a fold out in two messages, the second COMMIT, and one more for
// every chunkRows rows: those are gathered and encoded in one message's memory.
func (s *Store) foldFast(ctx context.Context, shares []aggregator.Share) (result aggregator.FoldResult, err error) {
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return result, err
	}
	defer conn.Release() // which closes it where a transaction is left open
	tasks, err := s.tasks(ctx, conn, shares)
	if err != nil {
		return result, err
	}
	x := &exchange{send: conn.SendBatch, pieces: s.sparePieces()}
	defer func() {
		if err != nil && x.tx != nil {
			_ = x.tx.Rollback(ctx)
		}
		s.keepPieces(x.pieces)
	}()
	x.begin()
	for _, share := range shares {
		s.holdPosition(x, share)
	}
	if result.Rows, err = mergeTasks(ctx, x, tasks); err != nil {
		return result, err
	}
	s.account(x, shares, tasks)
	if err = x.flush(ctx); err != nil {
		return result, err
	}
	return result, s.commit(ctx, x.tx)
}

// holdPosition moves the position of a share's partition, or fails.
func (s *Store) holdPosition(x *exchange, share aggregator.Share) {
	if s.config.unguarded(guardOwner) {
		x.ask(nil, done, movePosition, s.positionArgs(share)...)
		return
	}
	x.ask(nil, func(answers pgx.BatchResults) error {
		var held bool
		err := answers.QueryRow().Scan(&held)
		var raised *pgconn.PgError
		if errors.As(err, &raised) && raised.Code == codeClaimLost || err == nil && !held {
			return aggregator.ErrClaimLost
		}
		return err
	}, holdPosition, s.positionArgs(share)...)
}

// mergeTasks asks for the merge of all rows, and returns how many they are. What
// the last message takes is not sent yet.
func mergeTasks(ctx context.Context, x *exchange, tasks []task) (rows int, err error) {
	var s statement
	for i := range tasks {
		t := &tasks[i]
		for from := 0; from < t.rows.Len(); {
			most := min(chunkRows, t.rows.Len()-from)
			full := from > 0 || x.rows > 0 && x.rows+most > chunkRows || x.bytes > chunkBytes
			if full || s.rows > 0 && !s.takes(t) {
				s.end(x)
			}
			if full {
				if err := x.flush(ctx); err != nil {
					return rows, err
				}
			}
			t.data.piece = x.piece()
			n, bytes := t.data.take(from, most)
			s.add(t, n)
			from, rows = from+n, rows+n
			x.rows, x.bytes = x.rows+n, x.bytes+bytes
		}
	}
	s.end(x)
	return rows, nil
}

// sparePieces returns the memory of a former fold. What no fold asks for is given
// back by the garbage collector.
func (s *Store) sparePieces() []*aggregator.Piece {
	if pieces, ok := s.pieces.Get().(*[]*aggregator.Piece); ok {
		return *pieces
	}
	return nil
}

func (s *Store) keepPieces(pieces []*aggregator.Piece) {
	pieces = pieces[:min(len(pieces), keptPieces)]
	s.pieces.Put(&pieces)
}
