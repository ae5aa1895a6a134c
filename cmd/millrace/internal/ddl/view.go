package ddl

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/twmb/franz-go/pkg/kerr"

	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/aggregator/query"
	"github.com/millrace/millrace/aggregator/statement"
	"github.com/millrace/millrace/consumer"
	"github.com/millrace/millrace/sink/analyse"
	"github.com/millrace/millrace/sink/schema"
	"github.com/millrace/millrace/topology"
)

// source is what a view reads: a stream, and whether the statement brings it.
type source struct {
	stream  *topology.Stream
	columns []topology.StreamColumn // as the view reads them
	created bool                    // inferred by this statement
}

func (e *Executor) createView(ctx context.Context, s *statement.CreateView) (Result, error) {
	result := Result{Tag: "CREATE CONTINUOUS VIEW"}
	current, err := e.Catalog.Read(ctx)
	if err != nil {
		return result, err
	}
	from, err := e.source(ctx, current, s)
	if err != nil {
		return result, err
	}
	trial, err := current.CreateView(&topology.View{Name: s.Name, Stream: from.stream.ID, Shards: 1, Partitions: 1}, inferredBy(from), s.IfNotExists)
	if err != nil {
		return result, at(err, s.NamePos)
	}
	if len(trial) == 0 {
		result.Notices = append(result.Notices, exists(s.Name))
		return result, nil
	}
	view, plan, err := e.define(ctx, s, from)
	if err != nil {
		return result, severalStreams(current, s, from, err)
	}
	var notices [2]string
	if view.Shards, notices[0], err = e.countShards(ctx, s); err != nil {
		return result, err
	}
	spec := schema.SpecOf(view, from.stream.Partials, plan)
	spec.Cluster, spec.Revision = e.Cluster, current.Revision+1
	if err := e.Store.CheckView(ctx, spec, schema.KnownFrom(current)); err != nil {
		return e.createdMeanwhile(ctx, s, view, from, at(err, s.NamePos))
	}
	if notices[1], err = e.start(ctx, s, from, view); err != nil {
		return result, err
	}
	if err := e.shards(ctx, from, view); err != nil {
		return result, err
	}
	var done []*topology.Record
	result.Revision, err = e.Catalog.Update(ctx, func(c *topology.Catalog) ([]*topology.Record, error) {
		var err error
		done, err = c.CreateView(view, inferredBy(from), s.IfNotExists)
		return done, err
	})
	if err != nil {
		return result, at(err, s.NamePos)
	}
	if len(done) == 0 {
		result.Notices = append(result.Notices, exists(s.Name))
		return result, nil
	}
	for _, notice := range notices {
		if notice != "" {
			result.Notices = append(result.Notices, notice)
		}
	}
	return result, e.materialise(ctx, view, from.stream.Partials, plan)
}

// createdMeanwhile looks whether what PostgreSQL refuses is another writer's view
// of the same name, which the catalog has by now; err is the refusal otherwise.
func (e *Executor) createdMeanwhile(ctx context.Context, s *statement.CreateView, view *topology.View, from source, err error) (Result, error) {
	result := Result{Tag: "CREATE CONTINUOUS VIEW"}
	again, unread := e.Catalog.Read(ctx)
	if unread != nil {
		return result, err
	}
	view.Shards, view.Partitions = 1, 1 // not chosen yet, and of no matter here
	records, conflict := again.CreateView(view, inferredBy(from), s.IfNotExists)
	switch {
	case conflict != nil:
		return result, at(conflict, s.NamePos)
	case len(records) == 0:
		result.Notices = append(result.Notices, exists(s.Name))
		return result, nil
	}
	return result, err
}

// materialise makes the relations of a view that the catalog now has.
func (e *Executor) materialise(ctx context.Context, view *topology.View, partials string, plan *query.Plan) error {
	after, err := e.Catalog.Read(ctx)
	if err != nil {
		return fmt.Errorf("continuous view %q is created, its table is not there yet (the first fold makes it): %w", view.Name, err)
	}
	v, ok := after.View(view.Name)
	if !ok || v.ID != view.ID {
		return nil // dropped meanwhile
	}
	spec := schema.SpecOf(v, partials, plan)
	spec.Wanted = func(ctx context.Context) error { return e.Catalog.StillHas(ctx, v) }
	if err := e.Store.EnsureView(ctx, spec, schema.KnownFrom(after)); !errors.Is(err, topology.ErrViewDropped) {
		return err
	}
	return nil
}

func inferredBy(from source) *topology.Stream {
	if from.created {
		return from.stream
	}
	return nil
}

// source finds the one stream that the SELECT reads. A name that is no stream
// but a topic is a stream inferred from the SELECT's casts.
func (e *Executor) source(ctx context.Context, current *topology.Catalog, s *statement.CreateView) (source, error) {
	names := statement.StreamNames(s.Select)
	for _, ref := range names {
		stream, ok := current.Stream(ref.Name)
		if ok && !stream.Inferred {
			return source{stream: stream, columns: topology.WithMetadata(stream.Columns)}, nil
		}
		if ok {
			columns, err := e.castColumns(ctx, s, ref.Name)
			return source{stream: stream, columns: columns}, err
		}
	}
	if s.Spelling == statement.SpellingPlain {
		return source{}, ErrNotOurs
	}
	for _, ref := range names {
		topic, err := e.Kafka.Topic(ctx, ref.Name)
		if errors.Is(err, kerr.UnknownTopicOrPartition) || errors.Is(err, kerr.InvalidTopicException) {
			continue
		}
		if err != nil {
			return source{}, err
		}
		columns, err := e.castColumns(ctx, s, ref.Name)
		if err != nil {
			return source{}, err
		}
		stream := &topology.Stream{
			ID: topology.StreamID(consumer.NewID()), Name: ref.Name, Topic: ref.Name, TopicID: topic.ID, Inferred: true,
			Format: "json", OnError: topology.DeadLetter, Start: "latest",
		}
		if _, stream.TimeZone, err = e.resolve(ctx, nil); err != nil {
			return source{}, err
		}
		return source{stream: stream, columns: columns, created: true}, nil
	}
	return source{}, e.noSource(current, s, names)
}

// noSource says why a SELECT reads no stream.
func (e *Executor) noSource(current *topology.Catalog, s *statement.CreateView, names []statement.Ref) error {
	if pos, nested := statement.SubSelectInFrom(s.Select); nested && len(names) == 0 {
		return &datum.Error{
			Code: datum.CodeFeatureNotSupported, Message: "sub-SELECTs are not supported in a continuous view", Position: s.SelectPos + pos - 1,
			Hint: "Name the stream itself in FROM.",
		}
	}
	if len(names) == 0 {
		return &datum.Error{
			Code: datum.CodeWrongObjectType, Message: fmt.Sprintf("continuous view %q reads no stream", s.Name), Position: s.SelectPos,
			Hint: "Its SELECT needs FROM with a stream (CREATE STREAM) or a topic.",
		}
	}
	position := s.SelectPos + names[0].Pos - 1
	if _, ok := current.View(names[0].Name); ok {
		return &datum.Error{
			Code: datum.CodeWrongObjectType, Message: fmt.Sprintf("%q is a continuous view, not a stream", names[0].Name), Position: position,
			Hint: "Create a plain PostgreSQL view over it: CREATE VIEW … AS SELECT … .",
		}
	}
	return &datum.Error{
		Code: datum.CodeUndefinedTable, Message: fmt.Sprintf("stream %q does not exist", names[0].Name), Position: position,
		Hint: fmt.Sprintf("Create it with CREATE STREAM %s (…), or a topic of that name, whose columns are then the SELECT's casts.", names[0].Name),
	}
}

// castColumns returns the columns of an inferred stream: those that are cast, and
// the metadata columns, which may be cast too.
func (e *Executor) castColumns(ctx context.Context, s *statement.CreateView, stream string) ([]topology.StreamColumn, error) {
	defs, err := statement.CastColumns(s.Select, stream)
	if err != nil {
		return nil, shift(err, s.SelectPos-1)
	}
	defs = slices.DeleteFunc(defs, func(d statement.ColumnDef) bool { return topology.IsMetadata(d.Name) })
	for i := range defs {
		defs[i].Pos += s.SelectPos - 1
		defs[i].TypePos += s.SelectPos - 1
	}
	columns, _, err := e.resolve(ctx, defs)
	return topology.WithMetadata(columns), err
}

func shift(err error, by int) error {
	var sql *datum.Error
	if errors.As(err, &sql) && sql.Position > 0 {
		moved := *sql
		moved.Position += by
		return &moved
	}
	return err
}

// define has PostgreSQL analyse the SELECT and makes a definition and its plan.
func (e *Executor) define(ctx context.Context, s *statement.CreateView, from source) (*topology.View, *query.Plan, error) {
	conn, err := e.Store.Pool().Acquire(ctx)
	if err != nil {
		return nil, nil, err
	}
	defer conn.Release()
	stream := analyse.Stream{Name: from.stream.Name}
	for _, c := range from.columns {
		stream.Columns = append(stream.Columns, analyse.Column{Name: c.Name, TypeText: c.Type, NotNull: c.NotNull, Hidden: c.Metadata != topology.NoMetadata})
	}
	analysis, err := analyse.Analyse(ctx, conn.Conn(), stream, s.Select, s.SelectPos-1)
	if err != nil {
		return nil, nil, castHint(err, from)
	}
	columns, err := consumer.SchemaOf(from.columns)
	if err != nil {
		return nil, nil, err
	}
	plan, err := query.Build(analysis, columns)
	if err != nil {
		return nil, nil, err
	}
	raw, err := json.Marshal(analysis)
	if err != nil {
		return nil, nil, fmt.Errorf("analysis for the catalog: %w", err)
	}
	view := &topology.View{ID: topology.ViewID(consumer.NewID()), Name: s.Name, Stream: from.stream.ID, Select: s.Select, Analysis: raw}
	if from.stream.Inferred {
		view.Columns = slices.DeleteFunc(slices.Clone(from.columns), func(c topology.StreamColumn) bool { return c.Metadata != topology.NoMetadata })
	}
	if o, ok := s.Options["sharding_policy"]; ok && o.Value != string(topology.ReadOptimized) {
		view.Policy = topology.ShardingPolicy(o.Value)
	}
	return view, plan, nil
}

// castHint helps where PostgreSQL does not know a column of an inferred stream.
func castHint(err error, from source) error {
	var sql *datum.Error
	if from.stream.Inferred && errors.As(err, &sql) && sql.Code == datum.CodeUndefinedColumn && sql.Hint == "" {
		hinted := *sql
		hinted.Hint = fmt.Sprintf("%q is a topic without CREATE STREAM: its columns are those that the SELECT casts, such as x::integer.", from.stream.Name)
		return &hinted
	}
	return err
}

// start writes down where the view begins in each partition, and says so where
// that leaves records out.
func (e *Executor) start(ctx context.Context, s *statement.CreateView, from source, view *topology.View) (notice string, err error) {
	value := from.stream.Start
	position := s.NamePos
	if o, ok := s.Options["start"]; ok {
		value, position = o.Value, o.Pos
	}
	start, bad := statement.ParseStart(value)
	if bad != nil {
		return "", at(bad, position)
	}
	first, err := e.Kafka.StartOffsets(ctx, from.stream.Topic)
	if err != nil {
		return "", err
	}
	switch {
	case start.Earliest:
		view.Starts = first
		return "", nil
	case start.Latest:
		view.Starts, err = e.Kafka.EndOffsets(ctx, from.stream.Topic)
	default:
		view.Starts, err = e.Kafka.OffsetsAt(ctx, from.stream.Topic, start.At)
	}
	if err != nil {
		return "", err
	}
	var skipped int64
	for p, at := range view.Starts {
		skipped += at - first[p]
	}
	if skipped > 0 && start.Latest {
		notice = fmt.Sprintf("start = latest: %d existing records of topic %q are not counted; to count them: WITH (start = 'earliest')", skipped, from.stream.Topic)
	}
	return notice, nil
}

// shards makes sure that the partials topic has room for the view's shards.
func (e *Executor) shards(ctx context.Context, from source, view *topology.View) error {
	if from.created {
		if err := e.ownTopics(ctx, from.stream); err != nil {
			return err
		}
	}
	n, err := e.Kafka.EnsurePartitions(ctx, from.stream.Partials, int32(view.Shards))
	if err != nil {
		return fmt.Errorf("topic for partials: %w", err)
	}
	view.Partitions = n
	return nil
}

func (e *Executor) dropView(ctx context.Context, s *statement.DropView) (Result, error) {
	result := Result{Tag: "DROP CONTINUOUS VIEW"}
	current, err := e.Catalog.Read(ctx)
	if err != nil {
		return result, err
	}
	if !s.Continuous && !anyView(current, s.Names) {
		return result, ErrNotOurs
	}
	for _, ref := range s.Names {
		var before *topology.Catalog
		var records []*topology.Record
		if v, ok := current.View(ref.Name); ok && !s.Cascade {
			if err := e.Store.CheckDrop(ctx, v.ID); err != nil {
				return result, at(err, ref.Pos)
			}
		}
		revision, err := e.Catalog.Update(ctx, func(c *topology.Catalog) ([]*topology.Record, error) {
			before = c
			var err error
			records, err = c.DropView(ref.Name, s.IfExists)
			return records, err
		})
		if err != nil {
			return result, at(err, ref.Pos)
		}
		if len(records) == 0 {
			result.Notices = append(result.Notices, missing("continuous view", ref.Name))
			continue
		}
		result.Revision = revision
		if err := e.dropped(ctx, before, records, s.Cascade); err != nil {
			return result, err
		}
	}
	return result, nil
}

func anyView(c *topology.Catalog, names []statement.Ref) bool {
	for _, ref := range names {
		if _, ok := c.View(ref.Name); ok {
			return true
		}
	}
	return false
}
