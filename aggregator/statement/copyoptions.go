package statement

import (
	"strings"

	"github.com/millrace/millrace/aggregator/datum"
)

// checkCopy checks the parameters that a stream has from COPY, as COPY does
// (ProcessCopyOptions), and that its format has them.
func checkCopy(options map[string]Option) error {
	format := options["format"].Value
	csv := format == "csv"
	get := func(name, otherwise string) string {
		if o, ok := options[name]; ok {
			return o.Value
		}
		return otherwise
	}
	fail := func(name, code, message string, args ...any) error {
		o, given := options[name]
		if !given { // its default does not go with the delimiter
			o = options["delimiter"]
		}
		return failPos(o.Pos, code, message, args...)
	}
	for _, name := range []string{"delimiter", "null", "header", "quote", "escape", "force_null", "force_not_null"} {
		o, given := options[name]
		if !given || csv {
			continue
		}
		if format != "text" {
			err := failPos(o.Pos, datum.CodeInvalidParameter, "parameter \"%s\" is one of the formats csv and text", name)
			err.Hint = "Add format = 'csv', or leave it out."
			return err
		}
		if name != "delimiter" && name != "null" && name != "header" {
			return failPos(o.Pos, datum.CodeFeatureNotSupported, "COPY %s available only in CSV mode", strings.ReplaceAll(name, "_", " "))
		}
	}
	if format != "text" && !csv {
		return nil
	}
	delimiter, null := get("delimiter", "\t"), get("null", `\N`)
	if csv {
		delimiter, null = get("delimiter", ","), get("null", "")
	}
	quote := get("quote", `"`)
	escape := get("escape", quote)
	switch {
	case len(delimiter) != 1:
		return fail("delimiter", datum.CodeFeatureNotSupported, "COPY delimiter must be a single one-byte character")
	case strings.ContainsAny(delimiter, "\r\n"):
		return fail("delimiter", datum.CodeInvalidParameter, "COPY delimiter cannot be newline or carriage return")
	case strings.ContainsAny(null, "\r\n"):
		return fail("null", datum.CodeInvalidParameter, "COPY null representation cannot use newline or carriage return")
	case !csv && strings.Contains(`\.abcdefghijklmnopqrstuvwxyz0123456789`, delimiter):
		return fail("delimiter", datum.CodeInvalidParameter, "COPY delimiter cannot be \"%s\"", delimiter)
	case csv && len(quote) != 1:
		return fail("quote", datum.CodeFeatureNotSupported, "COPY quote must be a single one-byte character")
	case csv && delimiter == quote:
		return fail("quote", datum.CodeInvalidParameter, "COPY delimiter and quote must be different")
	case csv && len(escape) != 1:
		return fail("escape", datum.CodeFeatureNotSupported, "COPY escape must be a single one-byte character")
	case strings.Contains(null, delimiter):
		return fail("null", datum.CodeFeatureNotSupported, "COPY delimiter must not appear in the NULL specification")
	case csv && strings.Contains(null, quote):
		return fail("null", datum.CodeFeatureNotSupported, "CSV quote character must not appear in the NULL specification")
	}
	for _, name := range []string{"force_null", "force_not_null"} {
		if o, ok := options[name]; ok {
			if _, err := ColumnList(o.Value); err != nil {
				err.Position = o.Pos
				return err
			}
		}
	}
	return nil
}

// ColumnList reads the value of a parameter that names columns: a, "B" or (a, b),
// or * for all, which it returns as it is.
func ColumnList(text string) ([]string, *datum.Error) {
	if strings.TrimSpace(text) == "*" {
		return []string{"*"}, nil
	}
	tokens, err := Tokens(text)
	if err != nil {
		return nil, err
	}
	if n := len(tokens); n > 1 && tokens[0].IsOp("(") && tokens[n-1].IsOp(")") {
		tokens = tokens[1 : n-1]
	}
	var names []string
	for i, t := range tokens {
		if comma := i%2 == 1; comma != t.IsOp(",") || !comma && !t.IsName() {
			return nil, datum.Errorf(datum.CodeSyntaxError, "\"%s\" is not a list of columns", text)
		}
		if t.IsName() {
			names = append(names, t.Value)
		}
	}
	if len(tokens)%2 == 0 {
		return nil, datum.Errorf(datum.CodeSyntaxError, "\"%s\" is not a list of columns", text)
	}
	return names, nil
}
