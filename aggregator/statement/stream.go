package statement

import (
	"strings"

	"github.com/millrace/millrace/aggregator/datum"
)

// createStream reads from behind CREATE STREAM.
func (p *parser) createStream() (Statement, error) {
	stream, err := p.streamHead()
	if err != nil {
		return nil, err
	}
	var options []option
	if p.accept("with") {
		if options, err = p.optionList(true); err != nil {
			return nil, err
		}
	}
	return p.finishStream(stream, options)
}

// createForeignTable reads from behind CREATE FOREIGN TABLE. One of another
// server than pipelinedb is PostgreSQL's.
func (p *parser) createForeignTable() (Statement, error) {
	if !p.serverIsPipelineDB() {
		return &Postgres{}, nil
	}
	stream, err := p.streamHead()
	if err != nil {
		return nil, err
	}
	if err := p.expect("server", "pipelinedb"); err != nil {
		return nil, err
	}
	var options []option
	if p.accept("options") {
		if options, err = p.optionList(false); err != nil {
			return nil, err
		}
	}
	return p.finishStream(stream, options)
}

func (p *parser) serverIsPipelineDB() bool {
	for i := range p.tokens {
		if p.tokens[i].Is("server") && i+1 < len(p.tokens) && p.tokens[i+1].Value == "pipelinedb" {
			return true
		}
	}
	return false
}

func (p *parser) finishStream(stream *CreateStream, options []option) (Statement, error) {
	if err := p.end(); err != nil {
		return nil, err
	}
	checked, err := checkStreamOptions(options)
	if err != nil {
		return nil, err
	}
	stream.Options = checked
	return stream, nil
}

// streamHead reads [IF NOT EXISTS] name (columns).
func (p *parser) streamHead() (*CreateStream, error) {
	stream := &CreateStream{IfNotExists: p.ifNotExists()}
	name, err := p.name("stream", maxName)
	if err != nil {
		return nil, err
	}
	stream.Name, stream.NamePos = name.Value, name.Pos
	if !p.accept("(") {
		return nil, p.unexpected("A stream needs its columns: CREATE STREAM " + stream.Name + " (name type, …).")
	}
	for {
		column, err := p.column()
		if err != nil {
			return nil, err
		}
		for _, other := range stream.Columns {
			if other.Name == column.Name {
				err := datum.Errorf("42701", "column \"%s\" specified more than once", column.Name)
				err.Position = column.Pos
				return nil, err
			}
		}
		stream.Columns = append(stream.Columns, column)
		if !p.accept(",") {
			break
		}
	}
	return stream, p.expect(")")
}

// column reads name type [NOT NULL | NULL].
func (p *parser) column() (ColumnDef, error) {
	if p.peek().Is("like") {
		return ColumnDef{}, p.refuse("LIKE in a stream", "List the columns.")
	}
	name := p.peek()
	if !name.IsName() {
		return ColumnDef{}, p.unexpected("")
	}
	if len(name.Value) > maxName {
		return ColumnDef{}, p.failAt(name, "42622", "the name of a column is too long")
	}
	p.next()
	first := p.peek()
	n := typeLen(p.tokens[p.at:])
	if n == 0 {
		return ColumnDef{}, p.unexpected("")
	}
	p.at += n
	column := ColumnDef{
		Name: name.Value, Pos: name.Pos,
		TypeText: p.sql[first.Start:p.tokens[p.at-1].End], TypePos: first.Pos,
	}
	for {
		switch next := p.peek(); {
		case p.accept("not", "null"):
			column.NotNull = true
		case p.accept("null"):
			column.NotNull = false
		case next.Kind == Ident && strings.Contains(" default primary unique check references collate generated constraint options ", " "+next.Value+" "):
			return column, p.refuse(upper(next.Value)+" in a stream", "A stream's column has a name, a type and NOT NULL.")
		default:
			return column, nil
		}
	}
}

// refuse is 0A000 at the next token.
func (p *parser) refuse(construct, hint string) *datum.Error {
	err := p.failAt(p.peek(), datum.CodeFeatureNotSupported, "%s is not supported", construct)
	err.Hint = hint
	return err
}
