package nexmark

import (
	"strconv"
	"time"
)

// Kind says what an event is about.
type Kind int

// The kinds, by their event_type.
const (
	PersonKind Kind = iota
	AuctionKind
	BidKind
)

// Epoch is the time of event 0, in milliseconds since 1970: 2025-12-31
// 23:59:59 UTC.
const Epoch = 1_767_225_599_000

// Of every events events the first are people, then come auctions, then bids.
const (
	people   = 1
	auctions = 3
	bids     = 46
	every    = people + auctions + bids

	eventsPerMillisecond = 10
	firstID              = 1000 // of people and auctions
	hundred              = 100  // one in a hundred auctions, sellers and bidders is hot
	lead                 = 10   // ids that are not there yet, but may be named
	inFlight             = 100  // auctions that get bids
	active               = 1000 // people who sell and bid
)

// Generator makes events. It does not change, any number of goroutines may share it.
type Generator struct{ prices *prices }

// New makes a generator.
func New() *Generator { return &Generator{prices: newPrices()} }

// KindOf returns what the event of a number is about.
func KindOf(number int64) Kind {
	switch at := number % every; {
	case at < people:
		return PersonKind
	case at < people+auctions:
		return AuctionKind
	}
	return BidKind
}

// BidNumber returns the number of the event that is the nth bid, n from 0.
func BidNumber(n int64) int64 { return n/bids*every + people + auctions + n%bids }

// Time returns when an event happens, in milliseconds since 1970.
func Time(number int64) int64 { return Epoch + number/eventsPerMillisecond }

// lastPerson returns the last person at an event, counted from 0: at a person's
// own event that one.
func lastPerson(number int64) int64 {
	return number/every*people + min(number%every, people-1)
}

// lastAuction returns the last auction at an event, counted from 0, -1 for none.
func lastAuction(number int64) int64 {
	epoch, at := number/every, number%every-people
	if at < 0 {
		return epoch*auctions - 1
	}
	return epoch*auctions + min(at, auctions-1)
}

// anyAuction returns one of those in flight, or one that is about to be.
func anyAuction(number int64, r *random) int64 {
	last := lastAuction(number)
	first := max(last-inFlight, 0)
	return first + r.below(last-first+1+lead)
}

// anyPerson returns somebody active, or somebody who is about to come.
func anyPerson(number int64, r *random) int64 {
	all := lastPerson(number) + 1
	some := min(all, active)
	return all - some + r.below(some+lead)
}

// hot returns the first of each hundred.
func hot(last int64) int64 { return last / hundred * hundred }

// AppendEvent appends the event of a number, of whatever kind, in an object that
// says which.
func (g *Generator) AppendEvent(b []byte, number int64) []byte {
	kind := KindOf(number)
	b = strconv.AppendInt(append(b, `{"event_type":`...), int64(kind), 10)
	switch kind {
	case PersonKind:
		b = g.appendPerson(append(b, `,"person":`...), number)
	case AuctionKind:
		b = g.appendAuction(append(b, `,"auction":`...), number)
	case BidKind:
		bid := g.bid(number)
		b = bid.append(append(b, `,"bid":`...))
	}
	return append(b, '}')
}

func appendField(b []byte, name string, x int64) []byte {
	b = append(append(append(b, `,"`...), name...), `":`...)
	return strconv.AppendInt(b, x, 10)
}

func appendTime(b []byte, name string, milliseconds int64) []byte {
	b = append(append(append(b, `,"`...), name...), `":"`...)
	b = time.UnixMilli(milliseconds).UTC().AppendFormat(b, "2006-01-02 15:04:05.000")
	return append(b, '"')
}
