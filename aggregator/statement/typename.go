package statement

import "strings"

// typeLen returns how many tokens a type's name takes from tokens[0] on, 0
// where there is none: the names of several words, a schema, modifiers in
// parentheses and array brackets included.
func typeLen(tokens []Token) int {
	is := func(i int, word string) bool { return i < len(tokens) && (tokens[i].Is(word) || tokens[i].IsOp(word)) }
	if len(tokens) == 0 || !tokens[0].IsName() {
		return 0
	}
	n := 1
	zone := false
	switch {
	case is(0, "double") && is(1, "precision"):
		n = 2
	case is(0, "national") && (is(1, "character") || is(1, "char")):
		n = 2
	case is(0, "time") || is(0, "timestamp"):
		zone = true
	case is(0, "interval"):
		n += fieldsLen(tokens[1:])
	}
	if (is(n-1, "character") || is(n-1, "char") || is(0, "bit")) && is(n, "varying") {
		n++
	}
	for is(n, ".") && n+1 < len(tokens) && tokens[n+1].IsName() {
		n += 2
	}
	n += modifiersLen(tokens[n:])
	if zone && (is(n, "with") || is(n, "without")) && is(n+1, "time") && is(n+2, "zone") {
		n += 3
	}
	for is(n, "[") {
		switch {
		case is(n+1, "]"):
			n += 2
		case n+2 < len(tokens) && tokens[n+1].Kind == Number && is(n+2, "]"):
			n += 3
		default:
			return n
		}
	}
	return n
}

// modifiersLen returns the tokens of (n, …), 0 where there are none.
func modifiersLen(tokens []Token) int {
	if len(tokens) == 0 || !tokens[0].IsOp("(") {
		return 0
	}
	for i, token := range tokens {
		if token.IsOp(")") {
			return i + 1
		}
	}
	return 0
}

// fieldsLen returns the tokens of an interval's fields: "day to second".
func fieldsLen(tokens []Token) int {
	const fields = " year month day hour minute second "
	field := func(i int) bool {
		return i < len(tokens) && tokens[i].Kind == Ident && strings.Contains(fields, " "+tokens[i].Value+" ")
	}
	switch {
	case !field(0):
		return 0
	case len(tokens) > 1 && tokens[1].Is("to") && field(2):
		return 3
	}
	return 1
}

// canonicalType spells a type so that two spellings of the usual types compare
// equal.
func canonicalType(tokens []Token) string {
	var text strings.Builder
	for i, token := range tokens {
		if i > 0 && token.Kind != Punct && tokens[i-1].Kind != Punct {
			text.WriteByte(' ')
		}
		text.WriteString(token.Value)
	}
	name, modifiers, _ := strings.Cut(text.String(), "(")
	if modifiers != "" {
		modifiers = "(" + modifiers
	}
	switch name {
	case "int", "int4":
		name = "integer"
	case "int2":
		name = "smallint"
	case "int8":
		name = "bigint"
	case "bool":
		name = "boolean"
	case "float8", "float":
		name = "double precision"
	case "float4":
		name = "real"
	case "decimal":
		name = "numeric"
	case "varchar":
		name = "character varying"
	case "timestamptz":
		name = "timestamp with time zone"
	case "timestamp":
		name, modifiers = "timestamp", strings.TrimSuffix(modifiers, "without time zone")
	case "timestamp without time zone":
		name = "timestamp"
	}
	return name + modifiers
}

// IsTypeName reports whether text is the name of a type and nothing more, so
// that it can be put into a statement.
func IsTypeName(text string) bool {
	tokens, err := Tokens(text)
	return err == nil && len(tokens) > 0 && typeLen(tokens) == len(tokens) &&
		tokens[0].Start == 0 && tokens[len(tokens)-1].End == len(text)
}
