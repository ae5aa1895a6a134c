package nexmark

import "strconv"

const (
	hotChannels  = 4
	coldChannels = 10_000
	bidSize      = 100 // Nexmark's mean, of which 32 are numbers
	bidNumbers   = 32
)

// Bid is an offer for an auction.
type Bid struct {
	Auction, Bidder int64
	Price           int64 // in hundredths
	Time            int64 // in milliseconds since 1970

	channel int64  // below hotChannels a hot one
	rest    random // what the other fields are drawn from
}

// Bid returns the nth bid, n from 0.
func (g *Generator) Bid(n int64) Bid { return g.bid(BidNumber(n)) }

// AppendBid appends the nth bid as JSON, about 250 bytes.
func (g *Generator) AppendBid(b []byte, n int64) []byte {
	bid := g.Bid(n)
	return bid.append(b)
}

func (g *Generator) bid(number int64) Bid {
	r := seeded(number)
	b := Bid{Time: Time(number)}
	if r.below(2) > 0 {
		b.Auction = firstID + hot(lastAuction(number))
	} else {
		b.Auction = firstID + anyAuction(number, &r)
	}
	if r.below(4) > 0 { // the second of a hundred: hot bidders are not hot sellers
		b.Bidder = firstID + hot(lastPerson(number)) + 1
	} else {
		b.Bidder = firstID + anyPerson(number, &r)
	}
	b.Price = g.prices.of(r.next())
	if r.below(2) > 0 {
		b.channel = r.below(hotChannels)
	} else {
		b.channel = hotChannels + r.below(coldChannels)
	}
	b.rest = r
	return b
}

func (bid *Bid) append(b []byte) []byte {
	r := bid.rest
	b = strconv.AppendInt(append(b, `{"auction":`...), bid.Auction, 10)
	b = appendField(b, "bidder", bid.Bidder)
	b = appendField(b, "price", bid.Price)
	b = appendChannel(append(b, `,"channel":"`...), bid.channel)
	b = appendURL(append(b, `","url":"`...), bid.channel)
	b = appendTime(append(b, '"'), "dateTime", bid.Time)
	b = r.appendExtra(append(b, `,"extra":"`...), bidNumbers, bidSize)
	return append(b, `"}`...)
}

func appendChannel(b []byte, channel int64) []byte {
	if channel < hotChannels {
		return append(b, [...]string{"Google", "Facebook", "Baidu", "Apple"}[channel]...)
	}
	return strconv.AppendInt(append(b, "channel-"...), channel-hotChannels, 10)
}

// appendURL writes the address of a channel, the same for all of its bids.
func appendURL(b []byte, channel int64) []byte {
	r := seeded(-1 - channel)
	b = append(b, "https://www.nexmark.com/"...)
	for range 3 {
		b = append(r.appendWords(b, 5, '_'), '/')
	}
	b = append(b, "item.htm?query=1"...)
	if channel < hotChannels || r.below(10) == 0 {
		return b
	}
	return strconv.AppendInt(append(b, "&channel_id="...), r.below(1<<31), 10)
}
