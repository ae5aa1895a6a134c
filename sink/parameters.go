package sink

import (
	"cmp"
	"slices"
	"strings"

	"github.com/millrace/millrace/aggregator"
	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/aggregator/partial"
	"github.com/millrace/millrace/topology"
)

// A statement carries at most so many rows and bytes of text and numerics
// (PostgreSQL's limit of a message is 1 GiB), but always one row.
const (
	chunkRows  = 16384
	chunkBytes = 64 << 20
)

// parameters are one view's rows as parameters of its statements, some of them at
// a time.
type parameters struct {
	rows  *aggregator.ViewRows
	piece *aggregator.Piece // what was taken: rows [from, from+n)
	from  int
	n     int
}

func newParameters(rows *aggregator.ViewRows) *parameters { return &parameters{rows: rows} }

// take makes the statement's rows the first of those from from on, most of them
// or as many as a statement takes; it returns how many, and the bytes of their text
// and numerics.
func (p *parameters) take(from, most int) (n, bytes int) {
	if p.piece == nil {
		p.piece = &aggregator.Piece{}
	}
	p.rows.Piece(from, from+most, p.piece)
	p.from = from
	p.n, bytes = p.fit(most)
	return p.n, bytes
}

// fit counts the rows that a statement takes.
func (p *parameters) fit(most int) (n, bytes int) {
	first := p.piece.First
	vectors := slices.Concat(p.piece.Keys, p.piece.States)
	vectors = slices.DeleteFunc(vectors, func(v *column.Vector) bool { return v.Type.Physical() != datum.PhysBytes })
	arenas := 0
	for _, v := range vectors {
		arenas += len(v.Arena)
	}
	if first == 0 && arenas <= chunkBytes {
		return most, arenas
	}
	for n < most {
		row := 0
		for _, v := range vectors {
			if !v.IsNull(first + n) {
				row += int(v.Slices[first+n].Len)
			}
		}
		if bytes+row > chunkBytes && n > 0 {
			break
		}
		n, bytes = n+1, bytes+row
	}
	return n, bytes
}

// inError returns which of the rows came in error, and the errors beside them;
// both are nil where none did.
func (p *parameters) inError() (void column.Bitmap, errors *column.Vector) {
	if len(p.rows.Errors) == 0 {
		return nil, nil
	}
	void = make(column.Bitmap, column.Words(p.n))
	errors = column.New(datum.Text)
	errors.Resize(p.n)
	i, _ := slices.BinarySearchFunc(p.rows.Errors, p.from, func(e partial.GroupError, row int) int { return cmp.Compare(e.Group, row) })
	for _, e := range p.rows.Errors[i:] {
		if e.Group >= p.from+p.n {
			break
		}
		void.Set(e.Group - p.from)
		errors.SetString(e.Group-p.from, marker(e.Err))
	}
	return void, errors
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

// args are the parameters of the view's statements for the rows taken.
func (p *parameters) args() []any {
	void, errors := p.inError()
	hashes := hashParam(p.piece.Hashes[:p.n])
	if len(p.rows.Plan.Keys) == 0 {
		// The one row of a view without GROUP BY was made with the view; that of
		// a shard of a write_optimized one is made by its first fold.
		hashes = make(hashParam, p.n)
	}
	first := &roomyParam{hashParam: hashes}
	args := []any{first}
	add := func(v *vectorParam) {
		first.room += v.size()
		args = append(args, v)
	}
	from, to := p.piece.First, p.piece.First+p.n
	for _, k := range p.piece.Keys {
		add(&vectorParam{v: k, from: from, to: to})
	}
	for _, st := range p.piece.States {
		add(&vectorParam{v: st, from: from, to: to, void: void})
	}
	if errors != nil {
		add(&vectorParam{v: errors, to: p.n})
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

// fast is the statement that args belongs to, where all is well.
func (p *parameters) fast(s *statements) string {
	if len(p.rows.Errors) > 0 {
		return s.errors
	}
	return s.merge
}

// careful is the statement that args belongs to, which expects nothing of the table.
func (p *parameters) careful(s *statements) string {
	if len(p.rows.Errors) > 0 {
		return s.errors
	}
	return s.upsert
}

// marked are the parameters of statements.errors that put the one group taken in
// error, without its keys if the database cannot take those.
func (p *parameters) marked(e *datum.Error, keys bool) []any {
	null := func(t datum.Type) any {
		v := column.New(t)
		v.AppendNull()
		return &vectorParam{v: v, to: 1}
	}
	row := p.piece.First
	args := []any{p.args()[0]}
	for _, k := range p.piece.Keys {
		if keys {
			args = append(args, &vectorParam{v: k, from: row, to: row + 1})
		} else {
			args = append(args, null(k.Type))
		}
	}
	for _, st := range p.piece.States {
		args = append(args, null(st.Type))
	}
	text := column.New(datum.Text)
	text.AppendBytes([]byte(marker(e)))
	return p.withShard(append(args, &vectorParam{v: text, to: 1}))
}
