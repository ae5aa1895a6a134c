package nexmark

import "strconv"

const (
	firstCategory  = 10
	categories     = 5
	auctionSize    = 500 // Nexmark's mean, of which 48 are numbers
	auctionNumbers = 48
)

// appendAuction appends the auction of a number as JSON.
func (g *Generator) appendAuction(b []byte, number int64) []byte {
	r := seeded(number)
	seller := hot(lastPerson(number))
	if r.below(4) == 0 {
		seller = anyPerson(number, &r)
	}
	category := firstCategory + r.below(categories)
	initial := g.prices.of(r.next())
	reserve := initial + g.prices.of(r.next())
	// Auctions last until about as many others are made as are in flight.
	horizon := Time(number+inFlight*every/auctions) - Time(number)
	expires := Time(number) + 1 + r.below(max(2*horizon, 1))

	b = strconv.AppendInt(append(b, `{"id":`...), firstID+lastAuction(number), 10)
	text := len(b)
	b = r.appendWords(append(b, `,"itemName":"`...), 20, ' ')
	b = r.appendWords(append(b, `","description":"`...), 100, ' ')
	size := auctionNumbers + int64(len(b)-text) - int64(len(`,"itemName":"","description":"`))
	b = appendField(append(b, '"'), "initialBid", initial)
	b = appendField(b, "reserve", reserve)
	b = appendTime(b, "dateTime", Time(number))
	b = appendTime(b, "expires", expires)
	b = appendField(b, "seller", firstID+seller)
	b = appendField(b, "category", category)
	b = r.appendExtra(append(b, `,"extra":"`...), size, auctionSize)
	return append(b, `"}`...)
}
