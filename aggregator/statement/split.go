package statement

import "strings"

// Piece is one statement of a script.
type Piece struct {
	Text string // from its first token to its last, without the semicolon
	Pos  int    // 1-based character position in the script
	Line int    // 1-based line in the script
	// Terminated says that a semicolon ended it. A prompt reads on while the
	// last piece is not.
	Terminated bool
}

// Split cuts a script into its statements at the semicolons that are outside
// strings, comments and parentheses. Empty statements are left out. Text that a
// missing quote makes unreadable is part of the last piece: [Parse] reports it.
// The bodies of BEGIN ATOMIC are not known.
func Split(script string) []Piece {
	var pieces []Piece
	lexer := NewLexer(script)
	var first, last Token
	some, depth := false, 0
	line, counted := 1, 0
	add := func(end int, terminated bool) {
		if some {
			line += strings.Count(script[counted:first.Start], "\n")
			counted = first.Start
			pieces = append(pieces, Piece{Text: script[first.Start:end], Pos: first.Pos, Line: line, Terminated: terminated})
		}
		some, depth = false, 0
	}
	for {
		token, err := lexer.Next()
		if err != nil {
			if !some {
				first = Token{Pos: lexer.pos, Start: lexer.off}
				some = true
			}
			add(len(script), false)
			return pieces
		}
		switch {
		case token.Kind == End:
			add(last.End, false)
			return pieces
		case token.IsOp(";") && depth <= 0:
			add(last.End, true)
			continue
		case token.IsOp("("):
			depth++
		case token.IsOp(")"):
			depth--
		}
		if !some {
			first, some = token, true
		}
		last = token
	}
}
