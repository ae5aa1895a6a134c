package format

import (
	"bytes"
	"slices"
	"strings"

	"github.com/millrace/millrace/aggregator/datum"
)

// copyField is one value of a line.
type copyField struct {
	text []byte
	null bool
}

// split cuts a line into values.
func (d *Copy) split(line []byte, plain bool) *datum.Error {
	d.fields = d.fields[:0]
	if !plain {
		d.unquote = slices.Grow(d.unquote[:0], len(line)) // no longer than the line: it stays where it is
		if d.options.CSV {
			return d.splitCSV(line)
		}
		return d.splitText(line)
	}
	for {
		at := bytes.IndexByte(line, d.options.Delimiter)
		if at < 0 {
			d.addField(line, line, false)
			return nil
		}
		d.addField(line[:at], line[:at], false)
		line = line[at+1:]
	}
}

// addField adds the value text, which stands as raw in the line.
func (d *Copy) addField(text, raw []byte, quoted bool) {
	d.fields = append(d.fields, copyField{text, !quoted && string(raw) == d.options.Null})
}

// splitText is CopyReadAttributesText.
func (d *Copy) splitText(line []byte) *datum.Error {
	for i, more := 0, true; more; {
		start, from, end, decoded := i, len(d.unquote), i, false
		for more = false; ; {
			if end = i; i >= len(line) {
				break
			}
			run := i
			for i < len(line) && !d.special[line[i]] {
				i++
			}
			if d.unquote = append(d.unquote, line[run:i]...); run < i {
				continue
			}
			c := line[i]
			i++
			if c == d.options.Delimiter {
				more = true
				break
			}
			if c == '\\' {
				if i >= len(line) {
					break
				}
				var high bool
				c, i, high = unescapeCopy(line, i)
				decoded = decoded || high
			}
			d.unquote = append(d.unquote, c)
		}
		text := d.unquote[from:]
		d.addField(text, line[start:end], false)
		if decoded && !d.fields[len(d.fields)-1].null {
			if err := textError(text); err != nil {
				return err
			}
		}
	}
	return nil
}

// unescapeCopy returns what the backslash before line[i] makes of what follows, the
// place behind it, and whether that is a byte that could make the text invalid.
func unescapeCopy(line []byte, i int) (c byte, next int, high bool) {
	c = line[i]
	i++
	switch {
	case c >= '0' && c <= '7':
		value := int(c - '0')
		for n := 0; n < 2 && i < len(line) && line[i] >= '0' && line[i] <= '7'; n++ {
			value = value<<3 | int(line[i]-'0')
			i++
		}
		c = byte(value)
		return c, i, c == 0 || c >= 0x80
	case c == 'x':
		value, n := 0, 0
		for ; n < 2 && i < len(line); n++ {
			digit := strings.IndexByte("0123456789abcdef", line[i]|0x20)
			if digit < 0 || digit < 10 && line[i] != byte('0'+digit) {
				break
			}
			value = value<<4 | digit
			i++
		}
		if n == 0 {
			return c, i, false
		}
		return byte(value), i, value == 0 || value >= 0x80
	}
	if at := strings.IndexByte("bfnrtv", c); at >= 0 {
		c = "\b\f\n\r\t\v"[at]
	}
	return c, i, false
}

// splitCSV is CopyReadAttributesCSV.
func (d *Copy) splitCSV(line []byte) *datum.Error {
	o := &d.options
	for i, more := 0, true; more; {
		start, from, end, quoted, inside := i, len(d.unquote), i, false, false
		for more = false; ; {
			if end = i; i >= len(line) {
				if inside {
					return datum.Errorf(CodeBadCopy, "unterminated CSV quoted field")
				}
				break
			}
			run := i
			for i < len(line) && !d.special[line[i]] {
				i++
			}
			if d.unquote = append(d.unquote, line[run:i]...); run < i {
				continue
			}
			c := line[i]
			i++
			if inside {
				switch {
				case c == o.Escape && i < len(line) && (line[i] == o.Escape || line[i] == o.Quote):
					c = line[i]
					i++
				case c == o.Quote:
					inside = false
					continue
				}
			} else if c == o.Delimiter {
				more = true
				break
			} else if c == o.Quote {
				quoted, inside = true, true
				continue
			}
			d.unquote = append(d.unquote, c)
		}
		d.addField(d.unquote[from:], line[start:end], quoted)
	}
	return nil
}

// matchHeader checks a record's first line against the columns' names.
func (d *Copy) matchHeader(line []byte, plain bool) *datum.Error {
	if err := d.split(line, plain); err != nil {
		return err
	}
	if n := len(d.fields); n > len(d.columns) || n < d.least {
		return datum.Errorf(CodeBadCopy, "wrong number of fields in header line: got %d, expected %d", n, len(d.columns))
	}
	for i, f := range d.fields {
		switch name := d.columns[i].name; {
		case f.null:
			return datum.Errorf(CodeBadCopy, "column name mismatch in header line field %d: got null value (\"%s\"), expected \"%s\"", i+1, d.options.Null, name)
		case string(f.text) != name:
			return datum.Errorf(CodeBadCopy, "column name mismatch in header line field %d: got \"%s\", expected \"%s\"", i+1, f.text, name)
		}
	}
	return nil
}
