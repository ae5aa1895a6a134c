package expr

import (
	"fmt"
	"strings"
	"testing"

	"github.com/millrace/millrace/aggregator/column"
)

// BenchmarkKernels measures every native function over the arguments of its recorded
// answers, those that fail left out: ns for a row, and allocations for a batch.
// `make bench-sql` prints it as a table.
func BenchmarkKernels(b *testing.B) {
	env := testEnv(b)
	for _, s := range readGolden(b) {
		batch, args := s.filled(b, env)
		if batch == nil {
			continue
		}
		x, err := Compile(env, s.node(args))
		if err != nil {
			continue // it takes literals that this call does not have
		}
		name := s.name
		if s.oid != 0 {
			name = fmt.Sprintf("%s#%d", s.name, s.oid)
		}
		types := make([]string, len(s.args))
		for i, a := range s.args {
			types[i] = strings.ReplaceAll(a.String(), " ", "_")
		}
		b.Run(fmt.Sprintf("%s(%s)", name, strings.Join(types, ",")), func(b *testing.B) {
			var errs RowErrors
			errs.Reset(batch.Rows)
			x.Eval(batch, column.All(batch.Rows), &errs)
			b.ReportAllocs()
			for b.Loop() {
				errs.Reset(batch.Rows)
				x.Eval(batch, column.All(batch.Rows), &errs)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(batch.Rows), "ns/row")
		})
	}
}

// filled repeats the section's calls with a value over a whole batch. Arguments that
// must be literals are those of the first call.
func (s section) filled(b *testing.B, env Env) (*column.Batch, []Node) {
	var calls []goldenCall
	for _, c := range s.calls {
		if !strings.HasPrefix(c.want, "!") && c.want != "NULL" && len(strings.Join(argumentTexts(c.args), "")) < 200 {
			calls = append(calls, c)
		}
	}
	if len(calls) == 0 {
		return nil, nil
	}
	batch := &column.Batch{Rows: column.BatchRows}
	var args []Node
	for i, typ := range s.args {
		v := column.New(typ)
		for row := range batch.Rows {
			if row < len(calls) {
				appendParsed(b, env, v, calls[row].args[i])
			} else {
				v.AppendFrom(v, row%len(calls))
			}
		}
		batch.Columns = append(batch.Columns, v)
		args = append(args, &Column{Index: i, Of: typ})
	}
	f := functions[s.oid]
	if f == nil || f.bind == nil {
		return batch, args
	}
	if _, err := Compile(env, s.node(args)); err != nil {
		for i := 1; i < len(args); i++ {
			args[i] = literalOf(batch.Columns[i])
		}
		if _, err := Compile(env, s.node(args)); err != nil { // a zone, which comes first
			args[0], args[1] = literalOf(batch.Columns[0]), &Column{Index: 1, Of: s.args[1]}
		}
	}
	return batch, args
}

func literalOf(from *column.Vector) *Const {
	v := column.New(from.Type)
	v.AppendFrom(from, 0)
	return &Const{v}
}

func argumentTexts(args []*string) []string {
	all := make([]string, len(args))
	for i, a := range args {
		if a != nil {
			all[i] = *a
		}
	}
	return all
}
