package statement

// Copy is COPY. It is Millrace's if it names a stream.
type Copy struct {
	// Table is empty where a query is copied.
	Table Target
	// From says that the relation is written: COPY … FROM.
	From bool
	// Pos is the position of FROM or TO.
	Pos int
	// Client says that the data goes over the connection: STDIN or STDOUT.
	Client bool
}

func (*Copy) statement() {}

// copy reads COPY as far as it has to be known; what cannot be read is
// PostgreSQL's to refuse.
func (p *parser) copy() (*Copy, bool) {
	if !p.accept("copy") {
		return nil, false
	}
	if next := p.peekAt(1); next.IsName() && !next.Is("from") && !next.Is("to") {
		p.accept("binary") // the grammar of before 7.3
	}
	found := &Copy{}
	if !p.peek().IsOp("(") {
		var ok bool
		if found.Table, ok = p.target(); !ok {
			return nil, false
		}
	}
	for depth := 0; p.peek().Kind != End; p.next() {
		switch token := p.peek(); {
		case token.IsOp("("):
			depth++
		case token.IsOp(")"):
			depth--
		case depth == 0 && (token.Is("from") || token.Is("to")):
			found.From, found.Pos = token.Is("from"), token.Pos
			// COPY takes either word either way round.
			found.Client = p.peekAt(1).Is("stdin") || p.peekAt(1).Is("stdout")
			return found, true
		}
	}
	return nil, false
}
