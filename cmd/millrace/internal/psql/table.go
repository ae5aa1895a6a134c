package psql

import (
	"fmt"
	"io"
	"strings"
)

// Column is a column's heading and the side that its values are at.
type Column struct {
	Name  string
	Right bool
}

// Table is a result to print. A NULL is the empty string, as in psql.
type Table struct {
	Columns []Column
	Rows    [][]string
}

// cell is a text as the lines that it takes.
type cell []string

func (t *Table) layout() (head []cell, rows [][]cell, widths []int) {
	widths = make([]int, len(t.Columns))
	fit := func(i int, text string) cell {
		lines := strings.Split(printable(text), "\n")
		for _, line := range lines {
			widths[i] = max(widths[i], width(line))
		}
		return lines
	}
	for i, c := range t.Columns {
		head = append(head, fit(i, c.Name))
	}
	for _, row := range t.Rows {
		cells := make([]cell, len(t.Columns))
		for i := range t.Columns {
			cells[i] = fit(i, row[i])
		}
		rows = append(rows, cells)
	}
	return head, rows, widths
}

// Write prints the table, the count of its rows and an empty line.
func (t *Table) Write(w io.Writer) error {
	out := &strings.Builder{}
	t.write(out)
	if n := len(t.Rows); n == 1 {
		out.WriteString("(1 row)\n\n")
	} else {
		fmt.Fprintf(out, "(%d rows)\n\n", n)
	}
	_, err := io.WriteString(w, out.String())
	return err
}

// WriteBare prints the table without the count of its rows.
func (t *Table) WriteBare(w io.Writer) error {
	out := &strings.Builder{}
	t.write(out)
	_, err := io.WriteString(w, out.String())
	return err
}

func (t *Table) write(out *strings.Builder) {
	head, rows, widths := t.layout()
	writeHead(out, head, widths)
	rule(out, widths)
	if len(widths) == 0 {
		return
	}
	for _, row := range rows {
		t.writeRow(out, row, widths)
	}
}

func rule(out *strings.Builder, widths []int) {
	parts := make([]string, len(widths))
	for i, n := range widths {
		parts[i] = strings.Repeat("-", n)
	}
	fmt.Fprintf(out, "-%s-\n", strings.Join(parts, "-+-"))
}

func height(cells []cell) int {
	n := 0
	for _, c := range cells {
		n = max(n, len(c))
	}
	return n
}

// writeHead prints the names, each in the middle of its column.
func writeHead(out *strings.Builder, cells []cell, widths []int) {
	for line := range height(cells) {
		for i, c := range cells {
			text, more := "", line+1 < len(c)
			if line < len(c) {
				text = c[line]
			}
			blank := widths[i] - width(text)
			out.WriteByte(' ')
			pad(out, blank/2)
			out.WriteString(text)
			pad(out, (blank+1)/2)
			out.WriteByte(continued(more))
			if i < len(cells)-1 {
				out.WriteByte('|')
			}
		}
		out.WriteByte('\n')
	}
}

// continued is the mark of a line that goes on in the next one.
func continued(more bool) byte {
	if more {
		return '+'
	}
	return ' '
}

func (t *Table) writeRow(out *strings.Builder, cells []cell, widths []int) {
	for line := range height(cells) {
		for i, c := range cells {
			last := i == len(cells)-1
			text, more := "", line+1 < len(c)
			if line < len(c) {
				text = c[line]
			}
			out.WriteByte(' ')
			blank := widths[i] - width(text)
			switch {
			case line >= len(c): // its text has ended above
				if !last {
					pad(out, widths[i])
				}
			case t.Columns[i].Right:
				pad(out, blank)
				out.WriteString(text)
			default:
				out.WriteString(text)
				if !last || more {
					pad(out, blank)
				}
			}
			if more || !last {
				out.WriteByte(continued(more))
			}
			if !last {
				out.WriteByte('|')
			}
		}
		out.WriteByte('\n')
	}
}

func pad(out *strings.Builder, n int) {
	for range n {
		out.WriteByte(' ')
	}
}
