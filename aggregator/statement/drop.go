package statement

// drop reads what follows DROP.
func (p *parser) drop() (Statement, error) {
	switch {
	case p.accept("stream"):
		names, exists, cascade, err := p.dropTail()
		if err != nil {
			return nil, err
		}
		return &DropStream{Names: names, IfExists: exists, Cascade: cascade}, p.noSchemas("stream", names)
	case p.accept("continuous", "view"):
		names, exists, cascade, err := p.dropTail()
		if err != nil {
			return nil, err
		}
		return &DropView{Names: names, IfExists: exists, Cascade: cascade, Continuous: true}, p.noSchemas("continuous view", names)
	case p.words("continuous", "transform"):
		return nil, p.notBuilt([]string{"drop", "continuous", "transform"})
	case p.accept("foreign", "table"):
		names, exists, cascade, err := p.dropTail()
		if p.mayBeOurs(names, err) {
			return &DropStream{Names: names, IfExists: exists, Cascade: cascade, Foreign: true}, nil
		}
	case p.accept("view"):
		names, exists, cascade, err := p.dropTail()
		if p.mayBeOurs(names, err) {
			return &DropView{Names: names, IfExists: exists, Cascade: cascade}, nil
		}
	}
	return &Postgres{}, nil
}

// dropTail reads [IF EXISTS] name, … [CASCADE | RESTRICT].
func (p *parser) dropTail() (names []Ref, exists, cascade bool, err error) {
	exists = p.accept("if", "exists")
	for {
		name := p.peek()
		if !name.IsName() {
			return nil, false, false, p.unexpected("")
		}
		p.next()
		ref := Ref{Name: name.Value, Pos: name.Pos}
		if p.peek().IsOp(".") && p.peekAt(1).IsName() {
			p.next()
			ref.Schema, ref.Name = ref.Name, p.next().Value
		}
		names = append(names, ref)
		if !p.accept(",") {
			break
		}
	}
	if !p.accept("restrict") {
		cascade = p.accept("cascade")
	}
	return names, exists, cascade, p.end()
}

// mayBeOurs reports whether a DROP of PostgreSQL's spelling can name Millrace's
// relations. Where it cannot be read, PostgreSQL says why.
func (p *parser) mayBeOurs(names []Ref, err error) bool {
	return err == nil && p.noSchemas("", names) == nil
}

func (p *parser) noSchemas(what string, names []Ref) error {
	for _, name := range names {
		if name.Schema != "" {
			return schemaRefused(what, name.Pos)
		}
	}
	return nil
}
