package statement

// Target is the relation that a statement writes to, and where its name stands
// in the text: [Start, End) in bytes.
type Target struct {
	Ref
	Start, End int
}

// Insert is INSERT INTO, behind WITH too. It is Millrace's if Into is a stream.
type Insert struct {
	Into Target
	// Alias says that the target has an alias of its own.
	Alias bool
	// Conflict is the position of ON CONFLICT, 0 where there is none.
	Conflict int
}

func (*Insert) statement() {}

// insert finds INSERT INTO name, at the start or behind WITH and its queries.
// It is false for any other statement, also for one that cannot be read:
// PostgreSQL says why.
func (p *parser) insert() (*Insert, bool) {
	switch {
	case p.words("insert", "into"):
	case p.words("with"):
		for depth := 0; ; p.next() {
			token := p.peek()
			switch {
			case token.IsOp("("):
				depth++
			case token.IsOp(")"):
				depth--
			}
			if token.Kind == End || depth == 0 && (token.Is("select") || token.Is("values") || token.Is("update") || token.Is("delete") || token.Is("merge")) {
				return nil, false
			}
			if depth == 0 && p.words("insert", "into") {
				break
			}
		}
	default:
		return nil, false
	}
	p.accept("insert", "into")
	into, ok := p.target()
	if !ok {
		return nil, false
	}
	found := &Insert{Into: into, Alias: p.peek().Is("as")}
	for depth := 0; p.peek().Kind != End; p.next() {
		switch token := p.peek(); {
		case token.IsOp("("):
			depth++
		case token.IsOp(")"):
			depth--
		case depth == 0 && p.words("on", "conflict"):
			found.Conflict = token.Pos
		}
	}
	return found, true
}

// target reads [schema.]name.
func (p *parser) target() (Target, bool) {
	name := p.peek()
	if !name.IsName() {
		return Target{}, false
	}
	p.next()
	t := Target{Ref: Ref{Name: name.Value, Pos: name.Pos}, Start: name.Start, End: name.End}
	if p.peek().IsOp(".") && p.peekAt(1).IsName() {
		p.next()
		last := p.next()
		t.Schema, t.Name, t.End = t.Name, last.Value, last.End
	}
	return t, true
}
