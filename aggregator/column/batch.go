package column

// BatchRows is how many rows a batch holds at most.
const BatchRows = 4096

// Batch is some rows of one stream. Columns is indexed by the column's place in
// the stream's schema; a column that no view wants is nil.
type Batch struct {
	Rows    int
	Columns []*Vector
}

// All returns the selection of every row of a batch: 0, 1, …, n-1, n at most
// BatchRows. The caller must not change it.
func All(n int) []int32 { return allRows[:n:n] }

var allRows = func() []int32 {
	rows := make([]int32, BatchRows)
	for i := range rows {
		rows[i] = int32(i)
	}
	return rows
}()
