package column

// BatchRows is how many rows a batch holds at most, unless a single record has
// more: then it holds that record's, at most MaxRows.
const BatchRows = 4096

// MaxRows is how many rows a record can have.
const MaxRows = 1 << 16

// Batch is some rows of one stream. Columns is indexed by the column's place in
// the stream's schema; a column that no view wants is nil.
type Batch struct {
	Rows    int
	Columns []*Vector
	// Records says of each row which record it is a row of: a number that rises
	// from 0, the same for neighbours. Nil means that row i is record i. A record is taken as a whole or not at all.
	Records []int32
}

// Record returns the number of a row's record.
func (b *Batch) Record(row int32) int32 {
	if b.Records == nil {
		return row
	}
	return b.Records[row]
}

// All returns the selection of every row of a batch: 0, 1, …, n-1, n at most
// MaxRows. The caller must not change it.
func All(n int) []int32 { return allRows[:n:n] }

var allRows = func() []int32 {
	rows := make([]int32, MaxRows)
	for i := range rows {
		rows[i] = int32(i)
	}
	return rows
}()
