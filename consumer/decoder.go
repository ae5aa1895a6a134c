package consumer

import (
	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/aggregator/statement"
	"github.com/millrace/millrace/consumer/format"
	"github.com/millrace/millrace/topology"
)

// NewDecoder returns the decoder of a stream's format for the wanted fields.
func NewDecoder(s *topology.Stream, fields []format.Field, env format.Env) format.Decoder {
	switch s.Format {
	case "ndjson":
		return format.NewNDJSON(fields, env)
	case "csv", "text":
		names, least := make([]string, len(s.Columns)), 0
		for i, c := range s.Columns {
			if names[i] = c.Name; c.Added == 0 {
				least = i + 1
			}
		}
		return format.NewCopy(fields, names, least, copyOptions(s), env)
	case "raw":
		return format.NewRaw(fields, env)
	}
	return format.NewJSON(fields, env)
}

// FieldOf returns a declared column as decoders take it, of a native type and
// without a place in the batch.
func FieldOf(c topology.StreamColumn, t datum.Type) format.Field {
	return format.Field{Name: c.Name, Type: t, Typmod: c.Typmod, NotNull: c.NotNull, Default: c.Default, Enum: c.Enum}
}

// copyOptions fills COPY's defaults in.
func copyOptions(s *topology.Stream) format.CopyOptions {
	o := format.CopyOptions{CSV: s.Format == "csv", Delimiter: '\t', Null: `\N`}
	if o.CSV {
		o.Delimiter, o.Null, o.Quote = ',', "", '"'
	}
	c := s.Copy
	if c == nil {
		o.Escape = o.Quote
		return o
	}
	single := func(into *byte, text string) {
		if text != "" {
			*into = text[0]
		}
	}
	single(&o.Delimiter, c.Delimiter)
	single(&o.Quote, c.Quote)
	o.Escape = o.Quote
	single(&o.Escape, c.Escape)
	if c.Null != nil {
		o.Null = *c.Null
	}
	switch c.Header {
	case "true":
		o.Header = format.SkipHeader
	case "match":
		o.Header = format.MatchHeader
	}
	o.ForceNull, o.ForceNotNull = c.ForceNull, c.ForceNotNull
	return o
}

// CopyOptionsOf takes COPY's parameters out of those of a CREATE STREAM, which the
// parser has checked; nil for none.
func CopyOptionsOf(options map[string]statement.Option) *topology.CopyOptions {
	c, given := &topology.CopyOptions{}, false
	text := func(name string) string {
		o, ok := options[name]
		given = given || ok
		return o.Value
	}
	c.Delimiter, c.Quote, c.Escape = text("delimiter"), text("quote"), text("escape")
	if null := text("null"); null != "" || options["null"].Pos > 0 {
		c.Null = &null
	}
	switch header := text("header"); header {
	case "true", "on", "1":
		c.Header = "true"
	case "match":
		c.Header = header
	}
	list := func(name string) []string {
		if text(name) == "" {
			return nil
		}
		names, _ := statement.ColumnList(options[name].Value) // checked
		return names
	}
	c.ForceNull, c.ForceNotNull = list("force_null"), list("force_not_null")
	if !given {
		return nil
	}
	return c
}
