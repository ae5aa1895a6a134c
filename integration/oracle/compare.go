package oracle

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgtype"
)

// Difference says how an answer differs from the one that a case expects; "" is
// equal. Rows are a multiset.
func Difference(c *Case, want, got *Answer) string {
	if got.Code != "" {
		return "reading the view raises " + got.Code
	}
	if !slices.Equal(want.Columns, got.Columns) {
		return fmt.Sprintf("columns differ: want %+v, got %+v", want.Columns, got.Columns)
	}
	missing, extra := multiset(c, want.Rows, got.Rows)
	missing, extra = withoutNear(c, want.Columns, missing, extra)
	if len(missing)+len(extra) == 0 {
		return disorder(c, want.Rows, got.Rows)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d rows are missing, %d are not PostgreSQL's (of %d)", len(missing), len(extra), len(want.Rows))
	for _, some := range []struct {
		sign string
		rows [][]string
	}{{"want", missing}, {"got ", extra}} {
		for _, row := range some.rows[:min(len(some.rows), 5)] {
			fmt.Fprintf(&b, "\n\t%s %q", some.sign, row)
		}
	}
	return b.String()
}

// disorder says where rows that must be in order are not.
func disorder(c *Case, want, got [][]string) string {
	for i := range want {
		if c.Ordered && exact(c, want[i]) != exact(c, got[i]) {
			return fmt.Sprintf("row %d is not in order: want %q, got %q", i+1, want[i], got[i])
		}
	}
	return ""
}

// multiset returns which rows only one side has, in order of their exact columns.
func multiset(c *Case, want, got [][]string) (missing, extra [][]string) {
	counts := map[string]int{}
	for _, row := range want {
		counts[strings.Join(row, "\x00")]++
	}
	for _, row := range got {
		if key := strings.Join(row, "\x00"); counts[key] > 0 {
			counts[key]--
		} else {
			extra = append(extra, row)
		}
	}
	for _, row := range want {
		if key := strings.Join(row, "\x00"); counts[key] > 0 {
			counts[key]--
			missing = append(missing, row)
		}
	}
	byExact := func(a, b []string) int {
		return cmp.Or(cmp.Compare(exact(c, a), exact(c, b)), slices.Compare(a, b))
	}
	slices.SortFunc(missing, byExact)
	slices.SortFunc(extra, byExact)
	return missing, extra
}

// exact joins the columns that must be equal.
func exact(c *Case, row []string) string {
	var kept []string
	for i, text := range row {
		if !contains(c.Approx, i+1) {
			kept = append(kept, text)
		}
	}
	return strings.Join(kept, "\x00")
}

// withoutNear takes away pairs of rows that differ by rounding alone.
func withoutNear(c *Case, columns []Column, missing, extra [][]string) (m, e [][]string) {
	if len(c.Approx) == 0 || len(missing) != len(extra) {
		return missing, extra
	}
	for i := range missing {
		if exact(c, missing[i]) == exact(c, extra[i]) && allNear(c, columns, missing[i], extra[i]) {
			continue
		}
		m, e = append(m, missing[i]), append(e, extra[i])
	}
	return m, e
}

func allNear(c *Case, columns []Column, a, b []string) bool {
	for _, n := range c.Approx {
		tolerance := 1e-9
		if columns[n-1].OID == pgtype.Float4OID {
			tolerance = 1e-6
		}
		if !near(a[n-1], b[n-1], tolerance) {
			return false
		}
	}
	return true
}

func near(a, b string, tolerance float64) bool {
	if a == b {
		return true
	}
	x, err := strconv.ParseFloat(a, 64)
	y, err2 := strconv.ParseFloat(b, 64)
	return err == nil && err2 == nil && math.Abs(x-y) <= tolerance*max(math.Abs(x), math.Abs(y))
}
