package datum

import (
	"encoding/binary"
	"unicode/utf8"
)

// A jsonb in PostgreSQL's memory (jsonb.h) is a container: a uint32 of count and
// flags, an entry (uint32) for each element, or for all keys and then all values, and
// then what the entries are of, those of numbers and containers aligned.
const (
	jsonbCountMask = 0x0FFFFFFF
	jsonbScalar    = 0x10000000
	jsonbObject    = 0x20000000
	jsonbArray     = 0x40000000

	jentryLength    = 0x0FFFFFFF
	jentryHasOffset = 0x80000000
	jentryType      = 0x70000000
	jentryString    = 0x00000000
	jentryNumeric   = 0x10000000
	jentryFalse     = 0x20000000
	jentryTrue      = 0x30000000
	jentryNull      = 0x40000000
	jentryContainer = 0x50000000
)

// jsonbContainer is a container that has been checked to hold its entries.
type jsonbContainer struct {
	entries int
	b       []byte
}

func (c jsonbContainer) entry(i int) uint32 { return binary.LittleEndian.Uint32(c.b[4+4*i:]) }

// data returns the bytes of entry i, padding first.
func (c jsonbContainer) data(i int) (data []byte, offset int, ok bool) {
	from := 0
	for j := i - 1; j >= 0; j-- {
		from += int(c.entry(j) & jentryLength)
		if c.entry(j)&jentryHasOffset != 0 {
			break
		}
	}
	end := from + int(c.entry(i)&jentryLength)
	if c.entry(i)&jentryHasOffset != 0 {
		end = int(c.entry(i) & jentryLength)
	}
	all := c.b[4+4*c.entries:]
	if from > end || end > len(all) {
		return nil, 0, false
	}
	return all[from:end], from, true
}

// appendJSONBMemory appends the jsonb whose root is b.
func appendJSONBMemory(dst, b []byte, depth int) (_ []byte, ok bool) {
	if len(b) < 4 || depth > MaxJSONDepth {
		return dst, false
	}
	head := binary.LittleEndian.Uint32(b)
	n := int(head & jsonbCountMask)
	object := head&jsonbObject != 0
	c := jsonbContainer{entries: n, b: b}
	if object {
		c.entries = 2 * n
	} else if head&jsonbArray == 0 {
		return dst, false
	}
	if len(b) < 4+4*c.entries {
		return dst, false
	}
	if head&jsonbScalar != 0 {
		if n != 1 || depth > 0 {
			return dst, false
		}
		return c.append(dst, 0, depth)
	}
	open, end := byte('['), byte(']')
	if object {
		open, end = '{', '}'
	}
	dst = append(dst, open)
	for i := range n {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		value := i
		if object {
			value = n + i
			if c.entry(i)&jentryType != jentryString {
				return dst, false
			}
			if dst, ok = c.append(dst, i, depth); !ok {
				return dst, false
			}
			dst = append(dst, ": "...)
		}
		if dst, ok = c.append(dst, value, depth); !ok {
			return dst, false
		}
	}
	return append(dst, end), true
}

// append appends entry i.
func (c jsonbContainer) append(dst []byte, i, depth int) (_ []byte, ok bool) {
	data, offset, ok := c.data(i)
	if !ok {
		return dst, false
	}
	aligned := data[min(len(data), -offset&3):]
	switch c.entry(i) & jentryType {
	case jentryString:
		return AppendJSONString(dst, data), utf8.Valid(data)
	case jentryNumeric:
		d, ok := DecimalFromDatum(aligned)
		return d.AppendText(dst), ok
	case jentryFalse:
		return append(dst, "false"...), true
	case jentryTrue:
		return append(dst, "true"...), true
	case jentryNull:
		return append(dst, "null"...), true
	case jentryContainer:
		return appendJSONBMemory(dst, aligned, depth+1)
	}
	return dst, false
}
