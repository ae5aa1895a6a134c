package bench

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/twmb/franz-go/pkg/kgo"
)

// rival is the consumer that a good Go programmer writes for one query instead
// of taking Millrace, exactly once by its offsets in PostgreSQL. It needs no
// group, since it owns every partition; it knows its types, does not look at the
// fields behind those that it needs, has no other node, no dead letters, no
// second view and no numeric. What is particular to a query are its groups
// (rivalqa.go, rivalq17.go).
type rival struct {
	conn     *pgx.Conn
	groups   rivalGroups
	from, to [Partitions]int64
	due      time.Time
	every    time.Duration
	prices   int64
}

// rivalGroups are the groups of one query, with what was added since the last write.
type rivalGroups interface {
	// take adds records to their groups and returns the sum of their prices.
	take(records []*kgo.Record) (prices int64, err error)
	// queue puts the upsert of the groups that were added to into a batch, and
	// begins anew. The arguments are valid until the next take.
	queue(b *pgx.Batch, table string)
}

// rivalStretch is how many records are parsed before they are added to their
// groups. Look-ups behind one another wait for memory together, not each behind
// a parsing: the whole consumer takes 5 % less.
const rivalStretch = 128

const (
	rivalOffsetsTable = `CREATE TABLE %[1]s (partition int PRIMARY KEY, next bigint NOT NULL);
		INSERT INTO %[1]s SELECT p, 0 FROM generate_series(0, %[2]d) AS p`
	rivalMove = `UPDATE %s AS o SET next = p.next FROM unnest($1::int[], $2::bigint[], $3::bigint[]) AS p(partition, was, next)
		WHERE o.partition = p.partition AND o.next = p.was`
	rivalOffsets = `SELECT partition, next FROM %s`
)

// createRival creates the rival's tables anew.
func createRival(ctx context.Context, conn *pgx.Conn, q *query) error {
	for _, sql := range []string{
		"DROP TABLE IF EXISTS " + rivalName + ", " + rivalName + "_offsets",
		fmt.Sprintf(q.rivalTable, rivalName), fmt.Sprintf(rivalOffsetsTable, rivalName+"_offsets", Partitions-1),
	} {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return err
		}
	}
	return nil
}

// rivalWork reads the topic from the offsets in its table to the end.
func rivalWork(ctx context.Context, j *job) (t tally, err error) {
	q, err := queryNamed(j.Query)
	if err != nil {
		return t, err
	}
	conn, err := pgx.Connect(ctx, j.settings.Database.URL)
	if err != nil {
		return t, err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	r := &rival{conn: conn, groups: q.groups(), every: j.Interval}
	if err := r.readOffsets(ctx); err != nil {
		return t, err
	}
	client, err := newReader(j, r.from)
	if err != nil {
		return t, err
	}
	defer client.Close()
	r.due = time.Now().Add(r.every)
	for t.Events < j.Events {
		fetches := client.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			return t, fmt.Errorf("poll: %w", err)
		}
		var failed error
		fetches.EachPartition(func(p kgo.FetchTopicPartition) {
			t.Events += int64(len(p.Records))
			failed = errors.Join(failed, r.take(p.Partition, p.Records))
		})
		if failed != nil {
			return t, failed
		}
		if now := time.Now(); !now.Before(r.due) || t.Events >= j.Events {
			if err := r.write(ctx); err != nil {
				return t, err
			}
			r.due = time.Now().Add(r.every)
		}
	}
	t.Prices = r.prices
	return t, nil
}

func (r *rival) readOffsets(ctx context.Context) error {
	rows, err := r.conn.Query(ctx, fmt.Sprintf(rivalOffsets, rivalName+"_offsets"))
	if err != nil {
		return err
	}
	var partition int32
	var next int64
	_, err = pgx.ForEachRow(rows, []any{&partition, &next}, func() error {
		r.from[partition] = next
		return nil
	})
	r.to = r.from
	return err
}

// take adds records of one partition to their groups.
func (r *rival) take(partition int32, records []*kgo.Record) error {
	prices, err := r.groups.take(records)
	if err != nil {
		return err
	}
	r.prices += prices
	if n := len(records); n > 0 {
		r.to[partition] = records[n-1].Offset + 1
	}
	return nil
}

// write adds what the groups have to the table and moves the offsets, in one
// transaction.
func (r *rival) write(ctx context.Context) error {
	if r.to == r.from {
		return nil
	}
	tx, err := r.conn.Begin(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback(ctx) }() // nothing after a commit
	batch := &pgx.Batch{}
	r.groups.queue(batch, rivalName)
	batch.Queue(fmt.Sprintf(rivalMove, rivalName+"_offsets"), []int32{0, 1, 2, 3}, r.from[:], r.to[:])
	answers := tx.SendBatch(ctx, batch)
	if _, err = answers.Exec(); err == nil {
		moved, moveErr := answers.Exec()
		if err = moveErr; err == nil && moved.RowsAffected() != Partitions {
			err = errors.New("another consumer has moved the offsets")
		}
	}
	if err = errors.Join(err, answers.Close()); err != nil {
		return fmt.Errorf("write groups: %w", err)
	}
	if err := tx.Commit(ctx); err != nil {
		return fmt.Errorf("commit groups: %w", err)
	}
	r.from = r.to
	return nil
}
