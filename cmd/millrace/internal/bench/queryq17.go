package bench

import (
	"context"

	"github.com/buger/jsonparser"
	"github.com/jackc/pgx/v5"

	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/cmd/millrace/internal/bench/nexmark"
	"github.com/millrace/millrace/consumer/format"
)

// The limits of q17's ranks of prices, in hundredths.
const (
	rank2Price = 10_000
	rank3Price = 1_000_000
)

// q17 is Nexmark's query 17, what auctions do on a day: many groups, of which
// most get their last bid soon after the first. It has eight aggregates there;
// the last two here are ours, sums with a FILTER.
func q17() query {
	return query{
		name: nameQ17, kind: Bids,
		columns: bidColumns,
		sql: `SELECT auction, "dateTime"::date AS day, count(*) AS total_bids,
			count(*) FILTER (WHERE price < 10000) AS rank1_bids,
			count(*) FILTER (WHERE price >= 10000 AND price < 1000000) AS rank2_bids,
			count(*) FILTER (WHERE price >= 1000000) AS rank3_bids,
			min(price) AS min_price, max(price) AS max_price, avg(price) AS avg_price, sum(price) AS sum_price,
			sum(price) FILTER (WHERE price < 10000) AS rank1_sum, sum(price) FILTER (WHERE price >= 1000000) AS rank3_sum
			FROM %s GROUP BY auction, "dateTime"::date`,
		fields: []format.Field{
			{Name: "auction", Column: 0, Type: datum.Int8, Typmod: -1},
			{Name: "price", Column: 1, Type: datum.Int8, Typmod: -1},
			{Name: "dateTime", Column: 2, Type: datum.Timestamp, Typmod: -1},
		},
		parser: func() func([]byte) (int64, error) {
			p := newAuctionParser()
			return func(value []byte) (int64, error) {
				err := p.parse(value)
				return p.price, err
			}
		},
		groups:     func() rivalGroups { return newAuctionGroups() },
		rivalTable: auctionTable,
		rivalRows: `SELECT auction, day, total, rank1, rank2, rank3, low, high, sum::numeric / total, sum::numeric,
			CASE WHEN rank1 > 0 THEN rank1_sum::numeric END, CASE WHEN rank3 > 0 THEN rank3_sum::numeric END FROM %s`,
		expect: func(s *Settings) expectation { return expectAuctions(s.Events) },
	}
}

// auctionParser extracts the fields that q17 needs, as [bidParser] does.
type auctionParser struct {
	auctionDay
	price   int64
	missing int
	each    func(key, value []byte, _ jsonparser.ValueType, _ int) error
}

// auctionDay is q17's key.
type auctionDay struct {
	auction int64
	day     day
}

func newAuctionParser() *auctionParser {
	p := &auctionParser{}
	p.each = p.field
	return p
}

func (p *auctionParser) field(key, value []byte, _ jsonparser.ValueType, _ int) (err error) {
	switch string(key) {
	case "auction":
		p.auction, err = jsonparser.ParseInt(value)
	case "price":
		p.price, err = jsonparser.ParseInt(value)
	case "dateTime":
		p.day, err = dayOf(value)
	default:
		return nil
	}
	if p.missing--; p.missing == 0 && err == nil {
		return errEnough
	}
	return err
}

func (p *auctionParser) parse(value []byte) error {
	p.missing = 3
	return extract(value, p.each, "auction, price and dateTime")
}

// expectedAuctions is what q17 must say.
type expectedAuctions struct {
	sums
	days map[auctionDay]*auctionStats
}

func expectAuctions(events int64) *expectedAuctions {
	x := &expectedAuctions{days: map[auctionDay]*auctionStats{}}
	generator := nexmark.New()
	for i := range events {
		x.add(generator.Bid(i))
	}
	return x
}

func (x *expectedAuctions) add(bid nexmark.Bid) {
	x.count(bid.Price, 0)
	key := auctionDay{bid.Auction, dayAt(bid.Time)}
	s := x.days[key]
	if s == nil {
		s = &auctionStats{auctionDay: key, low: bid.Price, high: bid.Price}
		x.days[key] = s
	}
	s.add(bid.Price)
}

func (x *expectedAuctions) size() int { return len(x.days) }

func (x *expectedAuctions) store(ctx context.Context, conn *pgx.Conn) error {
	if _, err := conn.Exec(ctx, `CREATE TABLE raw (auction bigint, day integer, total bigint, rank1 bigint, rank2 bigint, rank3 bigint,
		low bigint, high bigint, sum bigint, rank1_sum bigint, rank3_sum bigint)`); err != nil {
		return err
	}
	rows := make([][]any, 0, len(x.days))
	for _, s := range x.days {
		rows = append(rows, []any{s.auction, s.day.sinceEpoch(), s.total, s.rank1, s.rank2, s.rank3, s.low, s.high, s.sum, s.sum1, s.sum3})
	}
	columns := []string{"auction", "day", "total", "rank1", "rank2", "rank3", "low", "high", "sum", "rank1_sum", "rank3_sum"}
	if _, err := conn.CopyFrom(ctx, pgx.Identifier{"raw"}, columns, pgx.CopyFromRows(rows)); err != nil {
		return err
	}
	_, err := conn.Exec(ctx, `CREATE TABLE expected AS SELECT auction, DATE '1970-01-01' + day AS day, total, rank1, rank2, rank3, low, high,
		sum::numeric / total AS avg, sum::numeric AS sum,
		CASE WHEN rank1 > 0 THEN rank1_sum::numeric END AS rank1_sum, CASE WHEN rank3 > 0 THEN rank3_sum::numeric END AS rank3_sum FROM raw;
		DROP TABLE raw`)
	return err
}
