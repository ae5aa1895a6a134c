package datum

import (
	"strconv"
	"time"
)

// appendArrayText is array_out.
func appendArrayText(dst []byte, elem Type, a Array, zone *time.Location) []byte {
	dims := a.Dimensions()
	if dims == 0 {
		return append(dst, "{}"...)
	}
	dst = appendBounds(dst, a)
	var index [MaxDimensions]int
	elements, depth := a.Elements(), 0
	for {
		for ; depth < dims; depth++ {
			dst = append(dst, '{')
		}
		element, null, ok := elements.Next()
		if !ok {
			return dst
		}
		if null {
			dst = append(dst, "NULL"...)
		} else {
			start := len(dst)
			dst = quoteElement(AppendOutput(dst, elem, element, zone), start)
		}
		d := dims - 1
		for ; d >= 0; d-- {
			if index[d]++; index[d] < a.Length(d) {
				break
			}
			index[d] = 0
			dst = append(dst, '}')
		}
		if d < 0 {
			return dst
		}
		dst = append(dst, ',')
		depth = d + 1
	}
}

// appendBounds writes the dimensions of an array of which one does not begin at 1.
func appendBounds(dst []byte, a Array) []byte {
	plain := true
	for d := range a.Dimensions() {
		plain = plain && a.Lower(d) == 1
	}
	if plain {
		return dst
	}
	for d := range a.Dimensions() {
		dst = strconv.AppendInt(append(dst, '['), int64(a.Lower(d)), 10)
		dst = strconv.AppendInt(append(dst, ':'), int64(a.Lower(d)+a.Length(d)-1), 10)
		dst = append(dst, ']')
	}
	return append(dst, '=')
}

// quoteElement puts the element that stands from start on into quotes where it
// needs them.
func quoteElement(dst []byte, start int) []byte {
	text := dst[start:]
	escapes, quote := 0, len(text) == 0 || equalFold(text, "null")
	for _, c := range text {
		switch {
		case c == '"' || c == '\\':
			escapes++
			quote = true
		case c == '{' || c == '}' || c == ',' || isSpace(c):
			quote = true
		}
	}
	if !quote {
		return dst
	}
	n := len(text)
	for range escapes + 2 {
		dst = append(dst, 0)
	}
	to := len(dst) - 1
	dst[to] = '"'
	for i := start + n - 1; i >= start; i-- {
		c := dst[i]
		to--
		dst[to] = c
		if c == '"' || c == '\\' {
			to--
			dst[to] = '\\'
		}
	}
	dst[start] = '"'
	return dst
}
