package statement

// alterStream reads from behind ALTER STREAM.
func (p *parser) alterStream() (Statement, error) {
	alter := &AlterStream{IfExists: p.accept("if", "exists")}
	name, err := p.name("stream", maxName)
	if err != nil {
		return nil, err
	}
	alter.Name, alter.Pos = name.Value, name.Pos
	if err := p.alterActions(alter); err != nil {
		return nil, err
	}
	return alter, nil
}

// alterForeignTable reads from behind ALTER FOREIGN TABLE. What a stream cannot have
// is left to PostgreSQL, which has no such table where it is a stream.
func (p *parser) alterForeignTable() (Statement, error) {
	alter := &AlterStream{Foreign: true, IfExists: p.accept("if", "exists")}
	ref, err := p.qualifiedName()
	if err == nil && ref.Schema == "" {
		alter.Ref = ref
		if p.alterActions(alter) == nil {
			return alter, nil
		}
	}
	return &Postgres{}, nil
}

// alterActions reads ADD [COLUMN] [IF NOT EXISTS] column, ….
func (p *parser) alterActions(alter *AlterStream) error {
	for {
		if !p.accept("add") {
			switch next := p.peek(); {
			case next.Is("drop"), next.Is("alter"), next.Is("rename"), next.Is("set"), next.Is("owner"), next.Is("reset"):
				return p.refuse(upper(next.Value)+" of a stream", "What can be altered: ALTER STREAM "+alter.Name+" ADD COLUMN name type. Else drop it and create it anew.")
			}
			return p.unexpected("Write ALTER STREAM " + alter.Name + " ADD COLUMN name type.")
		}
		p.accept("column")
		add := AddColumn{IfNotExists: p.ifNotExists()}
		column, err := p.column()
		if err != nil {
			return err
		}
		add.ColumnDef = column
		for _, other := range alter.Add {
			if other.Name == column.Name {
				return failPos(column.Pos, "42701", "column \"%s\" specified more than once", column.Name)
			}
		}
		alter.Add = append(alter.Add, add)
		if !p.accept(",") {
			return p.end()
		}
	}
}
