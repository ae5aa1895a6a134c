package command

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/millrace/millrace/cmd/millrace/internal/psql"
)

// writeJSON prints a list for scripts: an array, also where it is empty.
func writeJSON[T any](w io.Writer, all []T) error {
	if all == nil {
		all = []T{}
	}
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(all)
}

// column is one column of a list that people read.
type column[T any] struct {
	name  string
	right bool
	text  func(T) string
}

// list prints rows as JSON or as a table.
func list[T any](w io.Writer, asJSON bool, all []T, columns []column[T]) error {
	if asJSON {
		return writeJSON(w, all)
	}
	table := psql.Table{}
	for _, c := range columns {
		table.Columns = append(table.Columns, psql.Column{Name: c.name, Right: c.right})
	}
	for _, one := range all {
		row := make([]string, len(columns))
		for i, c := range columns {
			row[i] = c.text(one)
		}
		table.Rows = append(table.Rows, row)
	}
	return table.Write(w)
}

func jsonFlag(cmd *cobra.Command, asJSON *bool) {
	cmd.Flags().BoolVar(asJSON, "json", false, "print JSON, for scripts")
}

// seconds writes a duration in seconds, "" where it is not known.
func seconds(s *float64) string {
	if s == nil {
		return ""
	}
	return fmt.Sprintf("%.1f", *s)
}

// shorten makes a text one line of at most n characters.
func shorten(text string, n int) string {
	runes := []rune(strings.Join(strings.Fields(text), " "))
	if len(runes) <= n {
		return string(runes)
	}
	return string(runes[:n-1]) + "…"
}
