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
		if p.peek().Is("like") {
			like, err := p.like()
			if err != nil {
				return nil, err
			}
			like.At = len(stream.Columns)
			stream.Like = append(stream.Like, like)
			if p.accept(",") {
				continue
			}
			break
		}
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

// like reads LIKE name [INCLUDING | EXCLUDING what]….
func (p *parser) like() (Like, error) {
	p.next()
	ref, err := p.qualifiedName()
	like := Like{Ref: ref}
	for err == nil {
		including := p.accept("including")
		if !including && !p.accept("excluding") {
			break
		}
		switch what := p.next(); {
		case what.Is("all"), what.Is("defaults"):
			like.Defaults = including
		case what.Kind == Ident && strings.Contains(" comments compression constraints generated identity indexes statistics storage ", " "+what.Value+" "):
		default:
			p.at--
			return like, p.unexpected("")
		}
	}
	return like, err
}

// qualifiedName reads [schema.]name.
func (p *parser) qualifiedName() (Ref, error) {
	name := p.peek()
	if !name.IsName() {
		return Ref{}, p.unexpected("")
	}
	p.next()
	ref := Ref{Name: name.Value, Pos: name.Pos}
	if p.peek().IsOp(".") && p.peekAt(1).IsName() {
		p.next()
		ref.Schema, ref.Name = ref.Name, p.next().Value
	}
	return ref, nil
}

// column reads name type [NOT NULL | NULL] [DEFAULT expression].
func (p *parser) column() (ColumnDef, error) {
	const needs = "A column has a name and a type: url text."
	name := p.peek()
	if !name.IsName() {
		return ColumnDef{}, p.unexpected(needs)
	}
	if p.words("primary", "key") || p.words("unique", "(") || p.words("check", "(") || p.words("foreign", "key") || p.words("constraint") {
		return ColumnDef{}, p.refuse("a constraint of a stream", "A stream keeps every record: put the condition into the WHERE of its views.")
	}
	if len(name.Value) > maxName {
		return ColumnDef{}, p.failAt(name, "42622", "the name of a column is too long")
	}
	p.next()
	first := p.peek()
	n := typeLen(p.tokens[p.at:])
	if n == 0 {
		return ColumnDef{}, p.unexpected(needs)
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
		case next.Is("default") && column.Default == "":
			if err := p.defaultValue(&column); err != nil {
				return column, err
			}
		case next.Kind == Ident && strings.Contains(" primary unique check references collate generated constraint options ", " "+next.Value+" "):
			return column, p.refuse(upper(next.Value)+" in a stream", "A stream's column has a name, a type, NOT NULL and DEFAULT.")
		default:
			return column, nil
		}
	}
}

// defaultValue reads DEFAULT and the expression behind it, which ends where another
// constraint begins or the list goes on.
func (p *parser) defaultValue(column *ColumnDef) error {
	p.next()
	first, depth, from := p.peek(), 0, p.at
	for ; p.peek().Kind != End; p.next() {
		next := p.peek()
		switch {
		case next.IsOp("("), next.IsOp("["):
			depth++
			continue
		case depth == 0 && (next.IsOp(",") || next.IsOp(")")):
		case next.IsOp(")"), next.IsOp("]"):
			depth--
			continue
		case depth > 0:
			continue
		case p.words("not", "null"), p.at > from && next.Is("null"):
		case next.Kind == Ident && strings.Contains(" default primary unique check references collate generated constraint ", " "+next.Value+" "):
		default:
			continue
		}
		break
	}
	if p.at == from {
		return p.unexpected("")
	}
	column.Default, column.DefaultPos = p.sql[first.Start:p.tokens[p.at-1].End], first.Pos
	return nil
}

// refuse is 0A000 at the next token.
func (p *parser) refuse(construct, hint string) *datum.Error {
	err := p.failAt(p.peek(), datum.CodeFeatureNotSupported, "%s is not supported", construct)
	err.Hint = hint
	return err
}
