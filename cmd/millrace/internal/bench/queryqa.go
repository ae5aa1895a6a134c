package bench

import (
	"context"
	"errors"
	"fmt"

	"github.com/buger/jsonparser"
	"github.com/jackc/pgx/v5"

	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/consumer/format"
)

// qa is the plain one: five aggregates of as many groups as --groups says, over
// bids that come by each channel equally often.
func qa() query {
	return query{
		name: nameQA, kind: Channels,
		columns: bidColumns,
		sql: `SELECT channel, count(*), sum(price), avg(price), min(price) AS low, max(price) AS high
			FROM %s GROUP BY channel`,
		fields: []format.Field{
			{Name: "channel", Column: 0, Type: datum.Text, Typmod: -1},
			{Name: "price", Column: 1, Type: datum.Int8, Typmod: -1},
		},
		parser: func() func([]byte) (int64, error) {
			p := newBidParser()
			return func(value []byte) (int64, error) {
				err := p.parse(value)
				return p.price, err
			}
		},
		groups:     func() rivalGroups { return newChannelGroups() },
		rivalTable: channelTable,
		rivalRows:  "SELECT channel, count, sum::numeric, sum::numeric / count, low, high FROM %s",
		expect: func(s *Settings) expectation {
			x := &expected{groups: make([]group, s.Groups)}
			for i := range s.Events {
				x.add(eventAt(i, s.Groups), 0)
			}
			return x
		},
	}
}

// errEnough ends the parsing of a record that has given what was wanted.
var errEnough = errors.New("enough")

// errMissing says that a record ended before.
var errMissing = errors.New("a field is missing")

// bidParser extracts the fields that the query needs. Of jsonparser's functions
// ObjectEach is the fastest here (EachKey takes twice as long): it stops at the
// second field, checks nothing and does not unescape. The callback is made once,
// since one for each record would be on the heap.
type bidParser struct {
	channel []byte // within the record
	price   int64
	missing int
	each    func(key, value []byte, _ jsonparser.ValueType, _ int) error
}

func newBidParser() *bidParser {
	p := &bidParser{}
	p.each = p.field
	return p
}

func (p *bidParser) field(key, value []byte, _ jsonparser.ValueType, _ int) (err error) {
	switch string(key) {
	case "channel":
		p.channel = value
	case "price":
		if p.price, err = jsonparser.ParseInt(value); err != nil {
			return err
		}
	default:
		return nil
	}
	if p.missing--; p.missing == 0 {
		return errEnough
	}
	return nil
}

func (p *bidParser) parse(value []byte) error {
	p.missing = 2
	return extract(value, p.each, "channel and price")
}

// extract hands a record's fields to each until it has had enough.
func extract(value []byte, each func(key, value []byte, _ jsonparser.ValueType, _ int) error, what string) error {
	err := jsonparser.ObjectEach(value, each)
	if err == errEnough { //nolint:errorlint // our own, from the callback; errors.Is takes 15 ns
		return nil
	}
	if err == nil {
		err = errMissing
	}
	return fmt.Errorf("%s of %q: %w", what, value, err)
}

// group is the result that one group must have.
type group struct{ count, sum, low, high int64 }

// expected is what the events of a run must add up to.
type expected struct {
	sums
	groups []group // by channel
}

func (x *expected) add(e event, bytes int) {
	x.count(e.price, bytes)
	g := &x.groups[e.channel]
	if g.count == 0 {
		g.low, g.high = e.price, e.price
	}
	g.count++
	g.sum += e.price
	g.low, g.high = min(g.low, e.price), max(g.high, e.price)
}

func (x *expected) size() (groups int) {
	for _, g := range x.groups {
		groups += int(min(g.count, 1))
	}
	return groups
}

// store writes the expected rows into a table, which results are compared with
// in the database itself.
func (x *expected) store(ctx context.Context, conn *pgx.Conn) error {
	if _, err := conn.Exec(ctx, `CREATE TABLE raw (channel text, count bigint, sum bigint, low bigint, high bigint)`); err != nil {
		return err
	}
	channel := -1
	rows := pgx.CopyFromFunc(func() ([]any, error) {
		for channel++; channel < len(x.groups); channel++ {
			if g := x.groups[channel]; g.count > 0 {
				return []any{channelName(channel), g.count, g.sum, g.low, g.high}, nil
			}
		}
		return nil, nil
	})
	if _, err := conn.CopyFrom(ctx, pgx.Identifier{"raw"}, []string{"channel", "count", "sum", "low", "high"}, rows); err != nil {
		return err
	}
	_, err := conn.Exec(ctx, `CREATE TABLE expected AS SELECT channel COLLATE "C" AS channel, count, sum::numeric AS sum, sum::numeric / count AS avg, low, high FROM raw;
		DROP TABLE raw`)
	return err
}
