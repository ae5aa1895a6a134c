package bench

import (
	"fmt"

	"github.com/millrace/millrace/cmd/millrace/internal/bench/nexmark"
)

// Kind names the events that a topic is filled with. Each event is a function of
// its number alone.
type Kind string

const (
	// Channels are bids of ten fields, as evenly over a number of channels as a
	// hash is.
	Channels Kind = "channels"
	// Bids are Nexmark's bids alone.
	Bids Kind = "bids"
	// Nexmark are its people, auctions and bids together.
	Nexmark Kind = "nexmark"
)

// Kinds are all of them, the one that q17 reads first.
func Kinds() []Kind { return []Kind{Bids, Nexmark, Channels} }

// maker returns what appends the event of a number to b, as JSON. Any number of
// goroutines may call it.
func (k Kind) maker(groups int) (func(b []byte, number int64) []byte, error) {
	switch k {
	case Channels:
		return func(b []byte, number int64) []byte { return eventAt(number, groups).append(b) }, nil
	case Bids:
		return nexmark.New().AppendBid, nil
	case Nexmark:
		return nexmark.New().AppendEvent, nil
	}
	return nil, fmt.Errorf("--kind is %q: there are %v", k, Kinds())
}
