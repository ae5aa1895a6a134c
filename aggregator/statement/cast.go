package statement

import (
	"strings"

	"github.com/millrace/millrace/aggregator/datum"
)

// CastColumns infers a stream's columns from the casts of a SELECT over it:
// x::integer, CAST(x AS double precision), s.x::text. They come in the order
// of their first cast. Two different types for one column are an error.
//
// Only a cast of a bare column counts. Positions are those in the SELECT.
func CastColumns(sql, stream string) ([]ColumnDef, error) {
	tokens, bad := Tokens(sql)
	if bad != nil {
		return nil, bad
	}
	var columns []ColumnDef
	types := map[string]string{}
	for i := range tokens {
		column, from := castAt(tokens, i)
		if column.Kind == End {
			continue
		}
		n := typeLen(tokens[from:])
		if n == 0 {
			continue
		}
		def := ColumnDef{
			Name: column.Value, Pos: column.Pos, TypePos: tokens[from].Pos,
			TypeText: sql[tokens[from].Start:tokens[from+n-1].End],
		}
		canonical := canonicalType(tokens[from : from+n])
		before, known := types[def.Name]
		if !known {
			types[def.Name] = canonical
			columns = append(columns, def)
		} else if before != canonical {
			return nil, conflict(stream, def, columns)
		}
	}
	return columns, nil
}

// castAt looks for a cast whose operator is the token at i: the column that it
// casts (of kind End where there is none) and where the type starts.
func castAt(tokens []Token, i int) (column Token, from int) {
	switch token := tokens[i]; {
	case token.IsOp("::"):
		j := i - 1
		open := 0
		for j >= 0 && tokens[j].IsOp(")") && open < i {
			j, open = j-1, open+1
		}
		if j < 0 || !isColumn(tokens[j]) {
			return Token{}, 0
		}
		column = tokens[j]
		for j >= 2 && tokens[j-1].IsOp(".") && tokens[j-2].IsName() {
			j -= 2
		}
		for range open {
			if j--; j < 0 || !tokens[j].IsOp("(") || j > 0 && isColumn(tokens[j-1]) {
				return Token{}, 0
			}
		}
		if j > 0 && (tokens[j-1].IsOp("::") || tokens[j-1].IsOp(".")) {
			return Token{}, 0
		}
		return column, i + 1
	case token.Is("cast") && i+1 < len(tokens) && tokens[i+1].IsOp("("):
		j := i + 2
		for j+2 < len(tokens) && tokens[j+1].IsOp(".") {
			j += 2
		}
		if j+1 < len(tokens) && isColumn(tokens[j]) && tokens[j+1].Is("as") {
			return tokens[j], j + 2
		}
	}
	return Token{}, 0
}

// isColumn reports whether a token can be a column: reserved words are none.
func isColumn(token Token) bool {
	return token.Kind == Quoted || token.Kind == Ident && !strings.Contains(reserved, " "+token.Value+" ")
}

// reserved are PostgreSQL's reserved words that can stand around an expression.
const reserved = " all and any array as asc between both by case cast collate current_catalog current_date current_role " +
	"current_time current_timestamp current_user default desc distinct else end except exists false fetch for from group " +
	"having ilike in intersect is isnull like limit localtime localtimestamp not notnull null offset on only or order select " +
	"session_user similar some symmetric system_user then to true union user using when where window with "

func conflict(stream string, def ColumnDef, columns []ColumnDef) *datum.Error {
	for _, other := range columns {
		if other.Name == def.Name {
			err := failPos(def.TypePos, "42804", "column \"%s\" of stream \"%s\" is cast to both %s and %s",
				def.Name, stream, other.TypeText, def.TypeText)
			err.Hint = "The casts say what the column's type is: cast it to one type everywhere, " +
				"or declare it with CREATE STREAM."
			return err
		}
	}
	panic("bug: a conflict with no column")
}
