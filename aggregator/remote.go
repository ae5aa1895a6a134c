package aggregator

import (
	"fmt"
	"slices"
	"time"

	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/aggregator/query"
)

// Remote is what a view with a row program ([query.Remote]) does of the stream's
// batches on one lane: it chooses the rows that the program is sent and copies what
// is needed of them. What comes back the view takes in with [View.TakeEvaluated].
// It serves one goroutine.
type Remote struct {
	program     *query.Remote
	expressions *Expressions
	before      *expression
	columns     []int // in the batch, by place in the schema
	kept        []int // places in the schema of what is copied, ascending

	failed column.Bitmap // records of the batch at hand
	chosen []int32
}

// NewRemote compiles the native conditions of a plan with a row program. They are
// evaluated with the other expressions of x, whose batches have the plan's column i
// at columns[i].
func NewRemote(plan *query.Plan, x *Expressions, columns []int) (*Remote, error) {
	r := &Remote{program: plan.Remote, expressions: x, columns: columns}
	r.kept = append(slices.Clone(plan.Remote.Inputs), plan.Remote.Gather...)
	slices.Sort(r.kept)
	r.kept = slices.Compact(r.kept)
	if plan.Remote.Before == nil {
		return r, nil
	}
	zone, err := time.LoadLocation(plan.TimeZone)
	if err != nil {
		return nil, unknownZone(plan.TimeZone)
	}
	c := binding{x: x, zone: zone, columns: columns}
	r.before = c.condition(plan.Remote.Before, nil)
	return r, c.err
}

// Choose returns the rows of the batch that the expressions stand at which are to
// be sent. A record with a row whose conditions cannot be evaluated is left out,
// all of its rows, and handed to failed, once. The rows are good until the next
// call.
func (r *Remote) Choose(failed func(record int32, err *datum.Error)) []int32 {
	rows := r.expressions.within(r.before)
	if r.before == nil || !r.before.errs.Any() {
		return rows
	}
	b := r.expressions.batch
	r.failed = resized(r.failed, b.Rows)
	for row := range int32(b.Rows) {
		if err := r.before.errs.Of(row); err != nil && !r.failed.Get(int(b.Record(row))) {
			r.failed.Set(int(b.Record(row)))
			failed(b.Record(row), err)
		}
	}
	r.chosen = r.chosen[:0]
	for _, row := range rows {
		if !r.failed.Get(int(b.Record(row))) {
			r.chosen = append(r.chosen, row)
		}
	}
	return r.chosen
}

// resized returns an empty set for n rows or records.
func resized(b column.Bitmap, n int) column.Bitmap {
	b = slices.Grow(b[:0], column.Words(n))[:column.Words(n)]
	clear(b)
	return b
}

// Sent are rows on their way to PostgreSQL, with what the view needs of them
// afterwards. The zero value has none. Once they are complete they may be read by
// others.
type Sent struct {
	Rows int
	// Inputs are the arrays of the row program, as [query.Remote.Inputs] names
	// them.
	Inputs []*column.Vector
	// Records says of each row which record it is of, as whoever sent it numbers
	// them; neighbours only may have the same.
	Records []int32

	columns []*column.Vector // by place in the schema
}

// Add copies rows of the batch at hand, which were chosen. number says which record
// they are of for whoever sends them.
func (r *Remote) Add(s *Sent, rows []int32, number func(record int32) int32) {
	b := r.expressions.batch
	if s.columns == nil {
		s.columns = make([]*column.Vector, len(r.columns))
		for _, c := range r.kept {
			s.columns[c] = column.New(b.Columns[r.columns[c]].Type)
		}
		for _, c := range r.program.Inputs {
			s.Inputs = append(s.Inputs, s.columns[c])
		}
	}
	for _, c := range r.kept {
		column.Gather(s.columns[c], b.Columns[r.columns[c]], rows)
	}
	for _, row := range rows {
		s.Records = append(s.Records, number(b.Record(row)))
	}
	s.Rows += len(rows)
}

// Memory returns the bytes that the rows take, without what is kept for others.
func (s *Sent) Memory() int {
	n := 4 * len(s.Records)
	for _, v := range s.columns {
		if v != nil {
			n += 8*(len(v.Ints)+len(v.Floats)+len(v.Slices)) + 16*len(v.Spans) + len(v.Arena)
		}
	}
	return n
}

// Reset empties it and keeps its memory for further rows of the same view.
func (s *Sent) Reset() {
	s.Rows, s.Records = 0, s.Records[:0]
	for _, v := range s.columns {
		if v != nil {
			v.Reset()
		}
	}
}

// derived is the batch that a view with a row program works on.
type derived struct {
	batch   column.Batch
	vectors []*column.Vector // of the view's own, for what is gathered
	failed  column.Bitmap    // records
	records []int32          // of the batch's rows
	from    []int32          // and the sent rows
	results []int32          // and those that came back
}

// TakeEvaluated folds in what the view's row program made of rows that were sent.
// A record with a row that failed there, or that cannot be evaluated natively, is
// left out of everything, all of its rows, and its number is handed to failed, once.
func (v *View) TakeEvaluated(s *Sent, e *Evaluated, failed func(record int32, err *datum.Error)) {
	d := &v.derived
	d.begin(v.plan.Remote, s)
	if len(e.Failed) == 0 && s.Rows <= column.BatchRows && same(e.Rows, s.Rows) {
		copy(d.batch.Columns, s.columns)
		copy(d.batch.Columns[len(s.columns):], e.Results)
		d.batch.Rows, d.batch.Records = s.Rows, s.Records
		v.Add(&d.batch, column.All(s.Rows), failed)
		return
	}
	d.refuse(s, e, failed)
	for at := 0; at < len(e.Rows); {
		if at = d.fill(s, e, at); len(d.from) == 0 {
			continue
		}
		d.gather(v.plan.Remote, s, e)
		v.Add(&d.batch, column.All(d.batch.Rows), failed)
	}
}

// same reports whether each of n rows came back just once.
func same(rows []int32, n int) bool {
	if len(rows) != n {
		return false
	}
	for i, r := range rows {
		if r != int32(i) {
			return false
		}
	}
	return true
}

func (d *derived) begin(program *query.Remote, s *Sent) {
	if d.vectors == nil {
		d.vectors = make([]*column.Vector, len(s.columns)+len(program.Results))
		for _, c := range program.Gather {
			d.vectors[c] = column.New(s.columns[c].Type)
		}
		for i, r := range program.Results {
			d.vectors[len(s.columns)+i] = column.New(r.Type)
		}
	}
	d.batch.Columns = slices.Grow(d.batch.Columns[:0], len(d.vectors))[:len(d.vectors)]
	clear(d.batch.Columns)
}

// refuse notes the records that have failed, those among them that have come back
// as more rows than a record may have.
func (d *derived) refuse(s *Sent, e *Evaluated, failed func(record int32, err *datum.Error)) {
	records := 0
	for _, r := range s.Records {
		records = max(records, int(r)+1)
	}
	d.failed = resized(d.failed, records)
	fail := func(record int32, err *datum.Error) {
		if !d.failed.Get(int(record)) {
			d.failed.Set(int(record))
			failed(record, err)
		}
	}
	for _, f := range e.Failed {
		fail(s.Records[f.Row], f.Err)
	}
	for first, i := 0, 0; i < len(e.Rows); i++ {
		record := s.Records[e.Rows[i]]
		if record != s.Records[e.Rows[first]] {
			first = i
		}
		if i-first == column.MaxRows {
			fail(record, datum.Errorf(datum.CodeProgramLimitExceeded, "one record becomes more than %d rows", column.MaxRows))
		}
	}
}

// fill chooses the rows of the next batch, whole records, from those that came back
// from at on; it returns where the one after it begins.
func (d *derived) fill(s *Sent, e *Evaluated, at int) int {
	d.from, d.results = d.from[:0], d.results[:0]
	for at < len(e.Rows) {
		record, end := s.Records[e.Rows[at]], at+1
		for end < len(e.Rows) && s.Records[e.Rows[end]] == record {
			end++
		}
		if !d.failed.Get(int(record)) {
			if len(d.from) > 0 && len(d.from)+end-at > column.BatchRows {
				return at
			}
			for i := at; i < end; i++ {
				d.from = append(d.from, e.Rows[i])
				d.results = append(d.results, int32(i))
			}
		}
		at = end
	}
	return at
}

// gather makes the batch of the rows that were chosen.
func (d *derived) gather(program *query.Remote, s *Sent, e *Evaluated) {
	take := func(place int, from *column.Vector, rows []int32) {
		v := d.vectors[place]
		v.Reset()
		column.Gather(v, from, rows)
		d.batch.Columns[place] = v
	}
	for _, c := range program.Gather {
		take(c, s.columns[c], d.from)
	}
	for i, r := range e.Results {
		take(len(s.columns)+i, r, d.results)
	}
	d.records = d.records[:0]
	for _, row := range d.from {
		d.records = append(d.records, s.Records[row])
	}
	d.batch.Rows, d.batch.Records = len(d.from), d.records
}

// unknownZone is the error of a plan whose zone this machine does not know.
func unknownZone(name string) error {
	return &datum.Error{
		Code: datum.CodeInvalidParameter, Message: fmt.Sprintf("time zone %q not recognized", name),
		Hint: "Set the database's TimeZone to a name of the IANA database, such as Europe/Berlin.",
	}
}
