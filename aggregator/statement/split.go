package statement

import "strings"

// Piece is one statement of a script, or one backslash command of psql's.
type Piece struct {
	Text string // from its first token to its last, without the semicolon
	Pos  int    // 1-based character position in the script
	Line int    // 1-based line in the script
	// Terminated says that a semicolon ended it. A prompt reads on while the
	// last piece is not.
	Terminated bool
}

// Backslash reports whether the piece is a command such as \copy, which its
// line's end ends.
func (p Piece) Backslash() bool { return strings.HasPrefix(p.Text, `\`) }

// Split cuts a script into its statements at the semicolons that are outside
// strings, comments and parentheses. Empty statements are left out. Text that a
// missing quote makes unreadable is part of the last piece: [Parse] reports it.
// The bodies of BEGIN ATOMIC are not known.
func Split(script string) []Piece {
	var pieces []Piece
	pos, line := 0, 0
	for {
		piece, length := First(script)
		if piece.Text == "" {
			return pieces
		}
		piece.Pos += pos
		piece.Line += line
		pieces = append(pieces, piece)
		pos += characters(script[:length])
		line += strings.Count(script[:length], "\n")
		script = script[length:]
	}
}

// First returns the first piece of a script, and the bytes up to behind its
// semicolon, or its line where it is a backslash command. The piece is empty
// where the script has none.
func First(script string) (first Piece, length int) {
	lexer := NewLexer(script)
	var start, last Token
	some, depth := false, 0
	piece := func(end int, terminated bool) Piece {
		if !some {
			return Piece{}
		}
		return Piece{Text: script[start.Start:end], Pos: start.Pos, Line: 1 + strings.Count(script[:start.Start], "\n"), Terminated: terminated}
	}
	for {
		token, err := lexer.Next()
		if err != nil {
			if !some {
				start = Token{Pos: lexer.pos, Start: lexer.off}
				some = true
			}
			return piece(len(script), false), len(script)
		}
		switch {
		case token.Kind == End:
			return piece(last.End, false), len(script)
		case token.IsOp(`\`) && !some:
			start, some = token, true
			end := token.Start + lineLen(script[token.Start:])
			return piece(len(strings.TrimRight(script[:end], " \t")), end < len(script)), end
		case token.IsOp(";") && depth <= 0:
			if some {
				return piece(last.End, true), token.End
			}
			continue
		case token.IsOp("("):
			depth++
		case token.IsOp(")"):
			depth--
		}
		if !some {
			start, some = token, true
		}
		last = token
	}
}
