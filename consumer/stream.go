package consumer

import (
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace/millrace/aggregator"
	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/aggregator/partial"
	"github.com/millrace/millrace/aggregator/query"
	"github.com/millrace/millrace/consumer/format"
	"github.com/millrace/millrace/topology"
)

// laneStream is one stream on one lane: its decoder, and its views' tables.
type laneStream struct {
	def     *topology.Stream
	views   []*laneView // in order of creation
	fields  []format.Field
	decoder format.Decoder
	meta    format.Metadata
	places  int  // columns of the batch: the fields' and the metadata's
	several bool // a record may have several rows
	batch   column.Batch
	exprs   aggregator.Expressions // all views', over the batch
	records []*kgo.Record          // the batch's, in the order of their rows
	reading []*laneView            // whom the batch is for
	remote  int                    // views with a row program
	warned  bool                   // that a column has been NULL in every record
	decoded int64
}

// laneView is one view on one lane.
type laneView struct {
	def     *topology.View
	table   *aggregator.View // nil where the view cannot be carried out
	ranges  []partial.Range  // what a seal found that it has read
	columns []int            // the view's columns in the stream's batch, -1 where it reads none

	program *query.Remote      // nil for a wholly native view
	chooser *aggregator.Remote // of a view with a row program
	queue   *remoteQueue       // likewise
}

// newLaneStream builds decoder and tables for the views of a stream. A view
// whose plan cannot be built is handed to broken and gets no table: its read
// position stays where it is.
func newLaneStream(def *topology.Stream, views []*topology.View, broken func(*topology.View, error)) *laneStream {
	s := &laneStream{def: def}
	for _, v := range views {
		if err := s.add(v); err != nil {
			broken(v, err)
			s.views = append(s.views, &laneView{def: v})
		}
	}
	zone, err := time.LoadLocation(def.TimeZone)
	if err != nil {
		zone = time.UTC
	}
	s.decoder = NewDecoder(def, s.fields, format.Env{Zone: zone})
	s.several = format.Several(def.Format)
	s.batch.Columns = make([]*column.Vector, s.places)
	return s
}

func (s *laneStream) add(def *topology.View) error {
	plan, err := BuildPlan(s.def, def)
	if err != nil {
		return err
	}
	table, err := aggregator.NewView(def.ID, plan, def.Shards)
	if err != nil {
		return err
	}
	columns := ColumnsOf(s.def, def)
	table.SetLimit(blockLimit)
	table.SetPolicy(def.ShardingPolicy())
	v := &laneView{def: def, table: table, columns: make([]int, len(columns))}
	wanted := make([]bool, len(columns))
	for _, c := range plan.Columns {
		wanted[c] = true
	}
	if plan.Remote != nil {
		for _, c := range slices.Concat(plan.Remote.Inputs, plan.Remote.Gather) {
			wanted[c] = true
		}
	}
	for i, c := range columns {
		v.columns[i] = -1
		// A NOT NULL column is looked at even where no view reads it.
		if wanted[i] || c.NotNull {
			v.columns[i] = s.field(c)
		}
	}
	if err := s.share(v, plan); err != nil {
		return err
	}
	s.views = append(s.views, v)
	return nil
}

// share has the view's expressions evaluated with those of the stream's other views.
// Of a view with a row program that is what comes before the program.
func (s *laneStream) share(v *laneView, plan *query.Plan) (err error) {
	if plan.Remote == nil {
		return v.table.Share(&s.exprs, v.columns)
	}
	v.program, v.queue = plan.Remote, &remoteQueue{view: v}
	s.remote++
	v.chooser, err = aggregator.NewRemote(plan, &s.exprs, v.columns)
	return err
}

// inherit takes over what the views had in an older incarnation of the stream: their
// tables, and what they have sent to PostgreSQL.
func (s *laneStream) inherit(old *laneStream) {
	for _, o := range old.views {
		v := s.view(o.def.ID)
		if v == nil || v.table == nil {
			if o.queue != nil {
				o.queue.giveUp()
			}
			continue
		}
		v.table = o.table
		switch {
		case v.table == nil:
		case v.queue != nil:
			v.queue = o.queue
			v.queue.view = v
		default:
			if err := v.table.Share(&s.exprs, v.columns); err != nil {
				panic("bug: a plan that was compiled before: " + err.Error())
			}
		}
	}
}

// field returns the place in the batch of a column, which is decoded once for
// all views.
func (s *laneStream) field(c topology.StreamColumn) int {
	t, _ := query.ColumnType(c)
	if c.Metadata != topology.NoMetadata {
		place := s.meta.Place(c.Metadata)
		if place < 0 {
			place = s.places
			s.places++
			s.meta.Want(c.Metadata, t, place)
		}
		return place
	}
	want := FieldOf(c, t)
	for _, f := range s.fields {
		want.Column = f.Column
		if f == want {
			return f.Column
		}
	}
	want.Column = s.places
	s.places++
	s.fields = append(s.fields, want)
	return want.Column
}

// view returns the stream's view of an id, nil where it has none.
func (s *laneStream) view(id topology.ViewID) *laneView {
	for _, v := range s.views {
		if v.def.ID == id {
			return v
		}
	}
	return nil
}

// refuse takes a record that could not be decoded (view is nil) or evaluated.
type refuse func(r *kgo.Record, view *laneView, err *datum.Error)

// take decodes records once, for finish to fold into the tables of the views.
// Others may follow before: few records of each of many partitions make one batch,
// where the same views read them.
func (s *laneStream) take(records []*kgo.Record, views []*laneView, bad refuse) {
	if !slices.Equal(s.reading, views) {
		s.finish(bad)
		s.reading = append(s.reading[:0], views...)
	}
	if s.batch.Rows == 0 {
		s.begin()
	}
	for _, r := range records {
		if r.Attrs.IsControl() {
			continue
		}
		s.append(r, bad)
		if format.Full(&s.batch) {
			s.finish(bad)
			s.begin()
		}
	}
}

// append decodes a record into the batch, which is emptied first where the record
// has more rows than there is room for.
func (s *laneStream) append(r *kgo.Record, bad refuse) {
	first := s.batch.Rows
	err := s.decoder.Append(&s.batch, r.Value)
	if err == format.NoRoom {
		s.finish(bad)
		s.begin()
		first, err = 0, s.decoder.Append(&s.batch, r.Value)
	}
	if err != nil {
		bad(r, nil, err)
		return
	}
	s.meta.Fill(&s.batch, first, r)
	if s.several {
		for range s.batch.Rows - first {
			s.batch.Records = append(s.batch.Records, int32(len(s.records)))
		}
	}
	s.records = append(s.records, r)
}

// finish folds what was added.
func (s *laneStream) finish(bad refuse) {
	s.accumulate(s.reading, bad)
	s.batch.Rows = 0
}

func (s *laneStream) begin() {
	s.decoder.Begin(&s.batch)
	s.meta.Begin(&s.batch)
	s.records = s.records[:0]
	if s.several {
		if s.batch.Records == nil { // not nil from here on, as that has a meaning
			s.batch.Records = make([]int32, 0, column.BatchRows)
		}
		s.batch.Records = s.batch.Records[:0]
	}
}

func (s *laneStream) accumulate(views []*laneView, bad refuse) {
	if s.batch.Rows == 0 {
		return
	}
	s.decoded += int64(len(s.records))
	s.exprs.Begin(&s.batch, column.All(s.batch.Rows))
	for _, v := range views {
		if v.queue != nil {
			v.queue.take(s, v.chooser.Choose(func(record int32, err *datum.Error) { v.queue.refuse(s.records[record], false, err) }))
			continue
		}
		v.table.Take(func(record int32, err *datum.Error) { bad(s.records[record], v, err) })
	}
}

// refuseRemote has the views with a row program among those that read told of a
// record that cannot be decoded, and returns the others.
func (s *laneStream) refuseRemote(r *kgo.Record, err *datum.Error) []*laneView {
	if s.remote == 0 {
		return s.reading
	}
	var others []*laneView
	for _, v := range s.reading {
		if v.queue == nil {
			others = append(others, v)
		} else {
			v.queue.refuse(r, true, err)
		}
	}
	return others
}

// groups returns how many groups the stream's tables hold.
func (s *laneStream) groups() int {
	n := 0
	for _, v := range s.views {
		if v.table != nil {
			n += v.table.Groups()
		}
	}
	return n
}

// nullColumns returns the fields that had no value in any record so far, and
// the other fields that were seen; nothing where that is not the case.
func (s *laneStream) nullColumns() (never, others []string) {
	seen := s.decoder.Seen()
	for i, ok := range seen.NonNull {
		if !ok {
			never = append(never, s.fields[i].Name)
		}
	}
	return never, seen.Others
}
