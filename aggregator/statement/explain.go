package statement

// explainView reads the name behind EXPLAIN CONTINUOUS VIEW.
func (p *parser) explainView() (Statement, error) {
	name := p.peek()
	if !name.IsName() {
		return nil, p.unexpected("")
	}
	p.next()
	ref := Ref{Name: name.Value, Pos: name.Pos}
	if p.peek().IsOp(".") && p.peekAt(1).IsName() {
		p.next()
		ref.Schema, ref.Name = ref.Name, p.next().Value
	}
	return &ExplainView{Ref: ref}, p.end()
}

// explainCreate reads EXPLAIN and the CREATE CONTINUOUS VIEW behind it.
func (p *parser) explainCreate() (Statement, error) {
	p.next()
	p.next()
	created, err := p.create()
	if err != nil {
		return nil, err
	}
	view, ok := created.(*CreateView)
	if !ok {
		return nil, p.unexpected("")
	}
	return &ExplainView{Create: view}, nil
}
