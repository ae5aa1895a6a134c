package oracle

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/aggregator/query"
	"github.com/millrace/millrace/aggregator/statement"
	"github.com/millrace/millrace/consumer"
	"github.com/millrace/millrace/consumer/format"
	"github.com/millrace/millrace/sink/analyse"
	"github.com/millrace/millrace/topology"
)

// Compiled is the corpus as a node has it after CREATE: plans, and one decoder's
// fields for each stream.
type Compiled struct {
	Corpus   *Corpus
	Streams  []*CompiledStream
	TimeZone string
	// Refusals are the errors of cases whose creation was refused, by name.
	Refusals map[string]*datum.Error
}

// CompiledStream is a stream with the views that read it.
type CompiledStream struct {
	*Stream
	Views  []*CompiledView
	Fields []format.Field // what some view wants
	// Metadata are the metadata columns that some view wants.
	Metadata []MetadataColumn
	Width    int // of the stream's batch: both
	Zone     *time.Location
	// Definition is what decoders take of the stream; nil before a view reads it.
	Definition *topology.Stream
}

// MetadataColumn is a metadata column at its place in the stream's batch.
type MetadataColumn struct {
	What  topology.Metadata
	Of    datum.Type
	Place int
}

// CompiledView is a case's plan and the places of its columns in the stream's
// batch, -1 where it does not read one.
type CompiledView struct {
	*Case
	Analysis *query.Analysis
	Plan     *query.Plan
	Columns  []int
}

// Compile has PostgreSQL analyse every case's SELECT and makes the plans, as
// CREATE does.
func Compile(ctx context.Context, conn *pgx.Conn, corpus *Corpus) (*Compiled, error) {
	all := &Compiled{Corpus: corpus, Refusals: map[string]*datum.Error{}}
	if err := conn.QueryRow(ctx, "SELECT current_setting('TimeZone')").Scan(&all.TimeZone); err != nil {
		return nil, err
	}
	zone, err := time.LoadLocation(all.TimeZone)
	if err != nil {
		return nil, err
	}
	for _, s := range corpus.Streams {
		compiled := &CompiledStream{Stream: s, Zone: zone}
		all.Streams = append(all.Streams, compiled)
		for _, c := range corpus.Cases {
			if c.Stream != s {
				continue
			}
			err := compiled.add(ctx, conn, c)
			var refused *datum.Error
			if errors.As(err, &refused) {
				all.Refusals[c.Name] = refused
			} else if err != nil {
				return nil, fmt.Errorf("%s: view %s: %w", c.Place, c.Name, err)
			}
		}
	}
	return all, nil
}

func (s *CompiledStream) add(ctx context.Context, conn *pgx.Conn, c *Case) error {
	columns, err := s.columns(ctx, conn, c)
	if err != nil {
		return err
	}
	stream := analyse.Stream{Name: s.Name}
	for _, col := range columns {
		stream.Columns = append(stream.Columns, analyse.Column{
			Name: col.Name, TypeText: col.Type, NotNull: col.NotNull, Hidden: col.Metadata != topology.NoMetadata,
		})
	}
	schema, err := consumer.SchemaOf(columns)
	if err != nil {
		return err
	}
	analysis, err := analyse.Analyse(ctx, conn, stream, c.Select, 0)
	if err != nil {
		return err
	}
	view := &CompiledView{Case: c, Analysis: analysis, Columns: make([]int, len(schema))}
	if view.Plan, err = query.Build(analysis, schema); err != nil {
		return err
	}
	for i, col := range columns {
		view.Columns[i] = -1
		if slices.Contains(view.Plan.Columns, i) || col.NotNull {
			view.Columns[i] = s.field(col, schema[i].Type)
		}
	}
	s.Views = append(s.Views, view)
	return nil
}

// columns are those that a view may read, the metadata columns included.
func (s *CompiledStream) columns(ctx context.Context, conn *pgx.Conn, c *Case) ([]topology.StreamColumn, error) {
	definitions, err := s.definitions(c)
	if err != nil {
		return nil, err
	}
	resolved, err := analyse.ResolveColumns(ctx, conn, definitions)
	if err != nil {
		return nil, err
	}
	values, err := analyse.Defaults(ctx, conn, definitions)
	if err != nil {
		return nil, err
	}
	columns := make([]topology.StreamColumn, len(resolved))
	for i, c := range resolved {
		columns[i] = topology.StreamColumn{
			Name: c.Name, Type: c.TypeName, OID: c.TypeOID, Typmod: c.Typmod, NotNull: c.NotNull, Kind: c.Kind, Enum: c.Enum, Default: values[i],
		}
	}
	if s.Definition == nil {
		if s.Definition, err = s.define(columns); err != nil {
			return nil, err
		}
	}
	if !s.Inferred {
		columns = s.Definition.Columns // a default is the same one for all views
	}
	return topology.WithMetadata(columns), nil
}

// definitions are the columns that CREATE STREAM declares, or the view's casts.
func (s *CompiledStream) definitions(c *Case) ([]statement.ColumnDef, error) {
	if s.Inferred {
		return statement.CastColumns(c.Select, s.Name)
	}
	parsed, err := s.parse()
	if err != nil {
		return nil, err
	}
	return parsed.Columns, nil
}

// parse reads the CREATE STREAM that makes a stream.
func (s *Stream) parse() (*statement.CreateStream, error) {
	parsed, err := statement.Parse("CREATE STREAM " + s.Name + " (" + s.Columns + ") WITH (topic = 'any'" + s.Options + ")")
	if err != nil {
		return nil, err
	}
	return parsed.(*statement.CreateStream), nil
}

// define makes of a stream what decoders take.
func (s *CompiledStream) define(columns []topology.StreamColumn) (*topology.Stream, error) {
	def := &topology.Stream{Name: s.Name, Format: "json", Columns: columns, Inferred: s.Inferred}
	if s.Inferred {
		return def, nil
	}
	parsed, err := s.parse()
	if err != nil {
		return nil, err
	}
	if o, ok := parsed.Options["format"]; ok {
		def.Format = o.Value
	}
	def.Copy = consumer.CopyOptionsOf(parsed.Options)
	return def, nil
}

// field returns the place of a column in the stream's batch.
func (s *CompiledStream) field(c topology.StreamColumn, of datum.Type) int {
	if c.Metadata != topology.NoMetadata {
		return s.metadata(c.Metadata, of)
	}
	want := consumer.FieldOf(c, of)
	for _, f := range s.Fields {
		want.Column = f.Column
		if f == want {
			return f.Column
		}
	}
	want.Column = s.Width
	s.Fields, s.Width = append(s.Fields, want), s.Width+1
	return want.Column
}

// metadata returns the place of a metadata column in the stream's batch.
func (s *CompiledStream) metadata(what topology.Metadata, of datum.Type) int {
	for _, m := range s.Metadata {
		if m.What == what {
			return m.Place
		}
	}
	s.Metadata, s.Width = append(s.Metadata, MetadataColumn{what, of, s.Width}), s.Width+1
	return s.Width - 1
}

// pick makes batch the stream's batch as the view's plan numbers it.
func (v *CompiledView) pick(from, batch *column.Batch) {
	batch.Rows, batch.Records = from.Rows, from.Records
	batch.Columns = batch.Columns[:0]
	for _, at := range v.Columns {
		if at < 0 {
			batch.Columns = append(batch.Columns, nil)
		} else {
			batch.Columns = append(batch.Columns, from.Columns[at])
		}
	}
}

// Refused checks that a case which must be refused was, as it says.
func (e Expectation) Refused(code, message string) string {
	if code != e.Code || !strings.Contains(message, e.Text) {
		return fmt.Sprintf("want %s %q, got %s %q", e.Code, e.Text, code, message)
	}
	return ""
}
