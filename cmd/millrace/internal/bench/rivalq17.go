package bench

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/twmb/franz-go/pkg/kgo"
)

const (
	auctionTable = `CREATE TABLE %s (auction bigint, day date, total bigint NOT NULL, rank1 bigint NOT NULL, rank2 bigint NOT NULL, rank3 bigint NOT NULL,
		low bigint NOT NULL, high bigint NOT NULL, sum bigint NOT NULL, rank1_sum bigint NOT NULL, rank3_sum bigint NOT NULL,
		PRIMARY KEY (auction, day)) WITH (fillfactor = 80)`
	auctionUpsert = `INSERT INTO %s AS t SELECT auction, DATE '1970-01-01' + day, total, rank1, rank2, rank3, low, high, sum, rank1_sum, rank3_sum
		FROM unnest($1::bigint[], $2::int[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[])
		AS u(auction, day, total, rank1, rank2, rank3, low, high, sum, rank1_sum, rank3_sum)
		ON CONFLICT (auction, day) DO UPDATE SET total = t.total + excluded.total, rank1 = t.rank1 + excluded.rank1, rank2 = t.rank2 + excluded.rank2,
		rank3 = t.rank3 + excluded.rank3, low = LEAST(t.low, excluded.low), high = GREATEST(t.high, excluded.high), sum = t.sum + excluded.sum,
		rank1_sum = t.rank1_sum + excluded.rank1_sum, rank3_sum = t.rank3_sum + excluded.rank3_sum`
)

// auctionGroups are the rival's groups of q17. Groups come and go, so it begins
// with an empty map after each write.
type auctionGroups struct {
	parser *auctionParser
	at     map[auctionDay]int32 // places in states
	states []auctionStats
	parsed [rivalStretch]auctionPrice

	// The columns of one write, kept for the next.
	days    []int32
	columns [10][]int64
}

// auctionStats is what q17 says of an auction on a day; the mean follows.
type auctionStats struct {
	auctionDay
	total, rank1, rank2, rank3, low, high, sum, sum1, sum3 int64
}

func newAuctionGroups() *auctionGroups {
	return &auctionGroups{parser: newAuctionParser(), at: map[auctionDay]int32{}}
}

// auctionPrice is what is parsed of a record.
type auctionPrice struct {
	auctionDay
	price int64
}

func (a *auctionGroups) take(records []*kgo.Record) (prices int64, err error) {
	for stretch := range slices.Chunk(records, rivalStretch) {
		for i, r := range stretch {
			if err := a.parser.parse(r.Value); err != nil {
				return 0, err
			}
			a.parsed[i] = auctionPrice{a.parser.auctionDay, a.parser.price}
		}
		for i := range stretch {
			a.add(&a.parsed[i])
			prices += a.parsed[i].price
		}
	}
	return prices, nil
}

// add adds one bid to its group.
func (a *auctionGroups) add(bid *auctionPrice) {
	i, found := a.at[bid.auctionDay]
	if !found {
		i = int32(len(a.states))
		a.at[bid.auctionDay] = i
		a.states = append(a.states, auctionStats{auctionDay: bid.auctionDay, low: bid.price, high: bid.price})
	}
	a.states[i].add(bid.price)
}

func (s *auctionStats) add(price int64) {
	s.total++
	switch {
	case price < rank2Price:
		s.rank1++
		s.sum1 += price
	case price < rank3Price:
		s.rank2++
	default:
		s.rank3++
		s.sum3 += price
	}
	s.low, s.high = min(s.low, price), max(s.high, price)
	s.sum += price
}

// queue sorts the keys, as [channelGroups.queue] does.
func (a *auctionGroups) queue(b *pgx.Batch, table string) {
	slices.SortFunc(a.states, func(x, y auctionStats) int {
		return cmp.Or(cmp.Compare(x.auction, y.auction), cmp.Compare(x.day, y.day))
	})
	a.days = a.days[:0]
	for i := range a.columns {
		a.columns[i] = a.columns[i][:0]
	}
	for i := range a.states {
		s := &a.states[i]
		a.days = append(a.days, s.day.sinceEpoch())
		for c, x := range [...]int64{s.auction, s.total, s.rank1, s.rank2, s.rank3, s.low, s.high, s.sum, s.sum1, s.sum3} {
			a.columns[c] = append(a.columns[c], x)
		}
	}
	clear(a.at)
	a.states = a.states[:0]
	c := &a.columns
	b.Queue(fmt.Sprintf(auctionUpsert, table), c[0], a.days, c[1], c[2], c[3], c[4], c[5], c[6], c[7], c[8], c[9])
}

// day is a date as a number of the form 20260101: quickly made of text, and
// turned into days only for what is written.
type day int32

var errDate = errors.New("not a date")

// dayOf reads the date of a text such as "2026-01-01 12:00:00".
func dayOf(text []byte) (day, error) {
	if len(text) < 10 || text[4] != '-' || text[7] != '-' {
		return 0, errDate
	}
	var d day
	for _, i := range [...]int{0, 1, 2, 3, 5, 6, 8, 9} {
		digit := text[i] - '0'
		if digit > 9 {
			return 0, errDate
		}
		d = d*10 + day(digit)
	}
	return d, nil
}

// dayAt returns the day of a time in milliseconds since 1970.
func dayAt(milliseconds int64) day {
	y, m, d := time.UnixMilli(milliseconds).UTC().Date()
	return day(y*10_000 + int(m)*100 + d)
}

// sinceEpoch counts days from 1970-01-01.
func (d day) sinceEpoch() int32 {
	return int32(time.Date(int(d)/10_000, time.Month(d/100%100), int(d%100), 0, 0, 0, 0, time.UTC).Unix() / 86_400)
}
