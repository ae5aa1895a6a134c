package bench

import (
	"encoding/binary"
	"strconv"
)

// event is one bid, after Nexmark's: which channel it came by and its price
// decide the result, the rest is there because real records have more fields
// than a query reads.
type event struct {
	number  int64
	channel int
	price   int64
	noise   uint64
}

// maxPrice bounds prices; with it no sum of a run leaves bigint.
const maxPrice = 10_000_000

// eventAt returns the event of a number: the same one in every run.
func eventAt(number int64, groups int) event {
	h := mix(uint64(number))
	return event{number: number, channel: int(h % uint64(groups)), price: 1 + int64(mix(h)%maxPrice), noise: mix(h + 1)}
}

// mix is the finalizer of splitmix64 (Steele, Lea, Flood: Fast Splittable
// Pseudorandom Number Generators, 2014).
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// channelName returns the name of a channel, the key of its group.
func channelName(channel int) string { return string(appendChannel(nil, channel)) }

func appendChannel(b []byte, channel int) []byte {
	return strconv.AppendInt(append(b, "channel-"...), int64(channel), 10)
}

// append writes the event as JSON: ten fields, about 250 bytes.
func (e event) append(b []byte) []byte {
	b = strconv.AppendInt(append(b, `{"auction":`...), 1000+int64(e.noise%900_000), 10)
	b = strconv.AppendInt(append(b, `,"bidder":`...), 1000+int64(e.noise>>20%900_000), 10)
	b = strconv.AppendInt(append(b, `,"price":`...), e.price, 10)
	b = appendChannel(append(b, `,"channel":"`...), e.channel)
	b = strconv.AppendInt(append(b, `","url":"https://www.example.com/item.htm?channel_id=`...), int64(e.noise>>40), 10)
	b = appendTime(append(b, `","dateTime":"2026-01-01 `...), e.number)
	b = append(append(b, `","currency":"`...), [...]string{"EUR", "USD", "GBP", "JPY"}[e.noise%4]...)
	b = strconv.AppendInt(append(b, `","attempt":`...), int64(e.noise>>8%5), 10)
	b = strconv.AppendBool(append(b, `,"mobile":`...), e.noise&1 == 1)
	b = appendHex(append(b, `,"extra":"`...), e.noise)
	return append(b, `"}`...)
}

// appendTime writes a time of day to the millisecond, one event a millisecond.
func appendTime(b []byte, number int64) []byte {
	two := func(n int64) []byte { return append(b, byte('0'+n/10), byte('0'+n%10)) }
	s := number / 1000 % 86400
	b = append(two(s/3600), ':')
	b = append(two(s/60%60), ':')
	b = append(two(s%60), '.')
	return append(b, byte('0'+number/100%10), byte('0'+number/10%10), byte('0'+number%10))
}

func appendHex(b []byte, x uint64) []byte {
	var raw [8]byte
	binary.BigEndian.PutUint64(raw[:], x)
	for _, c := range raw {
		b = append(b, "0123456789abcdef"[c>>4], "0123456789abcdef"[c&15])
	}
	return b
}
