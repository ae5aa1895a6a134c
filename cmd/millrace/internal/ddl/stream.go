package ddl

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/twmb/franz-go/pkg/kerr"

	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/aggregator/statement"
	"github.com/millrace/millrace/consumer"
	"github.com/millrace/millrace/consumer/broker"
	"github.com/millrace/millrace/sink/analyse"
	"github.com/millrace/millrace/topology"
)

func (e *Executor) createStream(ctx context.Context, s *statement.CreateStream) (Result, error) {
	result := Result{Tag: "CREATE STREAM"}
	current, err := e.Catalog.Read(ctx)
	if err != nil {
		return result, err
	}
	stream := &topology.Stream{ID: topology.StreamID(consumer.NewID()), Name: s.Name}
	setStreamOptions(stream, s)
	// Asked here as well, so that nothing is made for a name that is taken.
	trial, err := current.CreateStream(stream, s.IfNotExists)
	if err != nil {
		return result, at(err, s.NamePos)
	}
	if len(trial) == 0 {
		result.Notices = append(result.Notices, exists(s.Name))
		return result, nil
	}
	defs, err := e.columns(ctx, current, s)
	if err != nil {
		return result, err
	}
	if stream.Columns, stream.TimeZone, err = e.resolveAll(ctx, defs); err != nil {
		return result, err
	}
	if err := checkFormat(stream, s); err != nil {
		return result, err
	}
	if err := e.topics(ctx, stream, s); err != nil {
		return result, err
	}
	result.Revision, err = e.Catalog.Update(ctx, func(c *topology.Catalog) ([]*topology.Record, error) {
		return c.CreateStream(stream, s.IfNotExists)
	})
	if err != nil {
		return result, at(errors.Join(err, e.Kafka.DeleteTopic(ctx, stream.Partials)), s.NamePos)
	}
	return result, nil
}

// resolve has PostgreSQL say what the columns' types are.
func (e *Executor) resolve(ctx context.Context, defs []statement.ColumnDef) ([]topology.StreamColumn, string, error) {
	conn, err := e.Store.Pool().Acquire(ctx)
	if err != nil {
		return nil, "", err
	}
	defer conn.Release()
	resolved, err := analyse.ResolveColumns(ctx, conn.Conn(), defs)
	if err != nil {
		return nil, "", err
	}
	columns := make([]topology.StreamColumn, len(resolved))
	for i, c := range resolved {
		columns[i] = topology.StreamColumn{Name: c.Name, Type: c.TypeName, OID: c.TypeOID, Typmod: c.Typmod, NotNull: c.NotNull, Kind: c.Kind, Enum: c.Enum}
	}
	var zone string
	if err := conn.QueryRow(ctx, "SELECT current_setting('TimeZone')").Scan(&zone); err != nil {
		return nil, "", fmt.Errorf("read the database's time zone: %w", err)
	}
	return columns, zone, nil
}

// setStreamOptions takes the parameters, which the parser has checked.
func setStreamOptions(stream *topology.Stream, s *statement.CreateStream) {
	option := func(name, otherwise string) string {
		if o, ok := s.Options[name]; ok {
			return o.Value
		}
		return otherwise
	}
	stream.Topic = option("topic", s.Name)
	stream.Format, stream.Copy = option("format", "json"), consumer.CopyOptionsOf(s.Options)
	stream.OnError = topology.OnError(option("on_error", string(topology.DeadLetter)))
	stream.Start = option("start", "latest")
}

// topics finds the stream's topic, or makes it if the statement says how, and
// makes those for partials and dead letters.
func (e *Executor) topics(ctx context.Context, stream *topology.Stream, s *statement.CreateStream) error {
	topic, err := e.Kafka.Topic(ctx, stream.Topic)
	partitions, wanted := s.Options["partitions"]
	switch {
	case err == nil:
	case !errors.Is(err, kerr.UnknownTopicOrPartition):
		return err
	case !wanted:
		position := s.NamePos
		if o, ok := s.Options["topic"]; ok {
			position = o.Pos
		}
		return &datum.Error{
			Code: datum.CodeUndefinedObject, Message: fmt.Sprintf("topic %q does not exist", stream.Topic), Position: position,
			Hint: "Create the topic first, or let the stream create it: WITH (partitions = 4).",
		}
	default:
		if topic, err = e.createInput(ctx, stream.Topic, partitions, s); err != nil {
			return err
		}
	}
	stream.TopicID = topic.ID
	return e.ownTopics(ctx, stream)
}

func (e *Executor) createInput(ctx context.Context, name string, partitions statement.Option, s *statement.CreateStream) (broker.Topic, error) {
	n, err := strconv.ParseInt(partitions.Value, 10, 32)
	if err != nil {
		return broker.Topic{}, datum.Errorf(datum.CodeInvalidParameter, "partitions is %q: use a number", partitions.Value)
	}
	spec := broker.TopicSpec{Name: name, Partitions: int32(n)}
	if o, ok := s.Options["replication_factor"]; ok {
		factor, err := strconv.ParseInt(o.Value, 10, 16)
		if err != nil {
			return broker.Topic{}, datum.Errorf(datum.CodeInvalidParameter, "replication_factor is %q: use a number", o.Value)
		}
		spec.ReplicationFactor = int16(factor)
	}
	topic, _, err := e.Kafka.CreateTopic(ctx, spec)
	return topic, err
}

// messageBytes is max.message.bytes of a stream's own topics: Kafka's default,
// which blocks and dead letters are cut to, whatever the broker's own is.
const messageBytes = "1048588"

// ownTopics makes the topics that belong to a stream.
func (e *Executor) ownTopics(ctx context.Context, stream *topology.Stream) error {
	stream.Partials = topology.PartialsTopic(e.Cluster, stream.ID)
	stream.DeadLetters = topology.DeadLetterTopic(e.Cluster, stream.Name)
	partials := broker.TopicSpec{
		Name: stream.Partials, Partitions: int32(e.Shards), ReplicationFactor: e.Replication,
		Settings: map[string]string{"max.message.bytes": messageBytes},
	}
	if e.Retention != "" {
		partials.Settings["retention.ms"] = e.Retention
	}
	if _, _, err := e.Kafka.CreateTopic(ctx, partials); err != nil {
		return fmt.Errorf("topic for partials: %w", err)
	}
	dead := broker.TopicSpec{
		Name: stream.DeadLetters, Partitions: 1, ReplicationFactor: e.Replication,
		Settings: map[string]string{"max.message.bytes": messageBytes},
	}
	if _, _, err := e.Kafka.CreateTopic(ctx, dead); err != nil {
		return fmt.Errorf("topic for dead letters: %w", err)
	}
	return nil
}

func (e *Executor) dropStream(ctx context.Context, s *statement.DropStream) (Result, error) {
	result := Result{Tag: "DROP STREAM"}
	current, err := e.Catalog.Read(ctx)
	if err != nil {
		return result, err
	}
	if s.Foreign && !anyStream(current, s.Names) {
		return result, ErrNotOurs
	}
	for _, ref := range s.Names {
		var before *topology.Catalog
		var records []*topology.Record
		revision, err := e.Catalog.Update(ctx, func(c *topology.Catalog) ([]*topology.Record, error) {
			before = c
			var err error
			records, err = c.DropStream(ref.Name, s.IfExists, s.Cascade)
			return records, err
		})
		if err != nil {
			return result, at(err, ref.Pos)
		}
		if len(records) == 0 {
			result.Notices = append(result.Notices, missing("stream", ref.Name))
			continue
		}
		result.Revision = revision
		if err := e.dropped(ctx, before, records, s.Cascade); err != nil {
			return result, err
		}
	}
	return result, nil
}

func anyStream(c *topology.Catalog, names []statement.Ref) bool {
	for _, ref := range names {
		if _, ok := c.Stream(ref.Name); ok {
			return true
		}
	}
	return false
}

// dropped removes what belonged to names that the catalog no longer has: result
// tables and partials. Input and dead letters stay.
func (e *Executor) dropped(ctx context.Context, before *topology.Catalog, records []*topology.Record, cascade bool) error {
	var errs []error
	for _, r := range records {
		if v, ok := before.View(r.Name); ok {
			errs = append(errs, e.Store.DropView(ctx, v.ID, cascade))
		}
		if s, ok := before.Stream(r.Name); ok {
			errs = append(errs, e.Kafka.DeleteTopic(ctx, s.Partials))
		}
	}
	return errors.Join(errs...)
}
