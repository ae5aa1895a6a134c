package ddl

import (
	"context"
	"slices"
	"strings"

	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/aggregator/statement"
	"github.com/millrace/millrace/sink/analyse"
	"github.com/millrace/millrace/topology"
)

// columns are a statement's columns with those that LIKE stands for.
func (e *Executor) columns(ctx context.Context, current *topology.Catalog, s *statement.CreateStream) ([]statement.ColumnDef, error) {
	if len(s.Like) == 0 {
		return s.Columns, nil
	}
	all := slices.Clone(s.Columns)
	for _, like := range slices.Backward(s.Like) {
		copied, err := e.like(ctx, current, like)
		if err != nil {
			return nil, err
		}
		all = slices.Insert(all, like.At, copied...)
	}
	for i, c := range all {
		if slices.ContainsFunc(all[:i], func(other statement.ColumnDef) bool { return other.Name == c.Name }) {
			err := datum.Errorf(topology.CodeDuplicateColumn, "column \"%s\" specified more than once", c.Name)
			err.Position = c.Pos
			return nil, err
		}
	}
	return all, nil
}

// like returns the columns of a stream, or of a relation of the database.
func (e *Executor) like(ctx context.Context, current *topology.Catalog, like statement.Like) ([]statement.ColumnDef, error) {
	stream, ok := current.Stream(like.Name)
	if !ok || like.Schema != "" {
		conn, err := e.Store.Pool().Acquire(ctx)
		if err != nil {
			return nil, err
		}
		defer conn.Release()
		return analyse.LikeColumns(ctx, conn.Conn(), like)
	}
	var columns []statement.ColumnDef
	for _, c := range stream.Columns {
		def := statement.ColumnDef{Name: c.Name, TypeText: c.Type, NotNull: c.NotNull, Pos: like.Pos, TypePos: like.Pos, DefaultPos: like.Pos}
		if like.Defaults && c.Default != nil {
			def.Default = literal(*c.Default) + "::" + c.Type
		}
		columns = append(columns, def)
	}
	return columns, nil
}

// literal writes a text as an SQL string, whatever standard_conforming_strings is.
func literal(text string) string {
	quoted := "'" + strings.ReplaceAll(text, "'", "''") + "'"
	if strings.Contains(quoted, `\`) {
		quoted = " E" + strings.ReplaceAll(quoted, `\`, `\\`)
	}
	return quoted
}

// resolveAll is resolve with the columns' default values.
func (e *Executor) resolveAll(ctx context.Context, defs []statement.ColumnDef) ([]topology.StreamColumn, string, error) {
	columns, zone, err := e.resolve(ctx, defs)
	if err != nil {
		return nil, "", err
	}
	conn, err := e.Store.Pool().Acquire(ctx)
	if err != nil {
		return nil, "", err
	}
	defer conn.Release()
	values, err := analyse.Defaults(ctx, conn.Conn(), defs)
	if err != nil {
		return nil, "", err
	}
	for i := range columns {
		columns[i].Default = values[i]
	}
	return columns, zone, nil
}

// checkFormat refuses columns that a format cannot have.
func checkFormat(stream *topology.Stream, s *statement.CreateStream) error {
	position := s.NamePos
	if o, ok := s.Options["format"]; ok {
		position = o.Pos
	}
	const bytea, text, varchar = 17, 25, 1043
	if c := stream.Columns; stream.Format == "raw" && (len(c) != 1 || c[0].OID != bytea && c[0].OID != text && c[0].OID != varchar) {
		err := datum.Errorf(datum.CodeInvalidParameter, "a stream of format raw has one column, of type bytea, text or character varying")
		err.Position = position
		return err
	}
	if stream.Copy == nil {
		return nil
	}
	for option, names := range map[string][]string{"force_null": stream.Copy.ForceNull, "force_not_null": stream.Copy.ForceNotNull} {
		for _, name := range names {
			if name != "*" && !slices.ContainsFunc(stream.Columns, func(c topology.StreamColumn) bool { return c.Name == name }) {
				err := datum.Errorf(datum.CodeUndefinedColumn, "column \"%s\" of stream \"%s\" does not exist", name, stream.Name)
				err.Position = s.Options[option].Pos
				return err
			}
		}
	}
	return nil
}
