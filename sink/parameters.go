package sink

import (
	"strings"

	"github.com/millrace/millrace/aggregator"
	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/topology"
)

// A statement carries at most so many rows and bytes of text and numerics
// (PostgreSQL's limit of a message is 1 GiB), but always one row.
const (
	chunkRows  = 16384
	chunkBytes = 64 << 20
)

// parameters are one view's rows as parameters of its statements.
type parameters struct {
	rows   *aggregator.ViewRows
	hashes hashParam
	void   column.Bitmap  // rows that came in error; nil where none did
	errors *column.Vector // their errors, beside void
}

func newParameters(rows *aggregator.ViewRows) *parameters {
	p := &parameters{rows: rows, hashes: rows.Hashes}
	if len(rows.Plan.Keys) == 0 {
		// The one row of a view without GROUP BY was made with the view; that of
		// a shard of a write_optimized one is made by its first fold.
		p.hashes = make(hashParam, len(rows.Hashes))
	}
	if len(rows.Errors) == 0 {
		return p
	}
	p.void = make(column.Bitmap, column.Words(len(rows.Hashes)))
	p.errors = column.New(datum.Text)
	p.errors.Resize(len(rows.Hashes))
	for _, e := range rows.Errors {
		p.void.Set(e.Group)
		p.errors.SetString(e.Group, marker(e.Err))
	}
	return p
}

// marker is an error as the column _error keeps it: SQLSTATE, blank, message.
func marker(e *datum.Error) string {
	code := e.Code
	if len(code) != 5 || code == "00000" || strings.Trim(code, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		code = "XX000" // internal_error: RAISE takes no other form
	}
	message := strings.ToValidUTF8(strings.ReplaceAll(e.Message, "\x00", ""), "?")
	return code + " " + message
}

// args are the parameters of statements.merge for rows [from, to), or of
// statements.errors where rows came in error.
func (p *parameters) args(from, to int) []any {
	args := []any{p.hashes[from:to]}
	for _, k := range p.rows.Keys {
		args = append(args, &vectorParam{v: k, from: from, to: to})
	}
	for _, st := range p.rows.States {
		args = append(args, &vectorParam{v: st, from: from, to: to, void: p.void})
	}
	if p.errors != nil {
		args = append(args, &vectorParam{v: p.errors, from: from, to: to})
	}
	return p.withShard(args)
}

// withShard adds what makes the rows those of their shard.
func (p *parameters) withShard(args []any) []any {
	if p.rows.Policy == topology.WriteOptimized {
		return append(args, int32(p.rows.Shard))
	}
	return args
}

// sql is the statement that args belongs to.
func (p *parameters) sql(s *statements) string {
	if p.errors != nil {
		return s.errors
	}
	return s.merge
}

// marked are the parameters of statements.errors that put one group in error,
// without its keys if the database cannot take those.
func (p *parameters) marked(row int, e *datum.Error, keys bool) []any {
	null := func(t datum.Type) any {
		v := column.New(t)
		v.AppendNull()
		return &vectorParam{v: v, to: 1}
	}
	args := []any{p.hashes[row : row+1]}
	for _, k := range p.rows.Keys {
		if keys {
			args = append(args, &vectorParam{v: k, from: row, to: row + 1})
		} else {
			args = append(args, null(k.Type))
		}
	}
	for _, st := range p.rows.States {
		args = append(args, null(st.Type))
	}
	text := column.New(datum.Text)
	text.AppendBytes([]byte(marker(e)))
	return p.withShard(append(args, &vectorParam{v: text, to: 1}))
}

// chunk returns the end of the statement's rows that begin at from.
func (p *parameters) chunk(from int) int {
	bytes, to := 0, from
	for to < len(p.hashes) && to-from < chunkRows {
		for _, vs := range [2][]*column.Vector{p.rows.Keys, p.rows.States} {
			for _, v := range vs {
				if v.Type.Physical() == datum.PhysBytes && !v.IsNull(to) {
					bytes += int(v.Slices[to].Len)
				}
			}
		}
		if bytes > chunkBytes && to > from {
			break
		}
		to++
	}
	return to
}
