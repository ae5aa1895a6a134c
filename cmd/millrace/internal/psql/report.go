package psql

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/millrace/millrace/aggregator/datum"
)

// Report is an error or a notice with what PostgreSQL says about it.
type Report struct {
	Severity string // ERROR, NOTICE, …
	Code     string // SQLSTATE
	Message  string
	Detail   string
	Hint     string
	Query    string // that a function ran, where the error is in it; LINE is of it then
	Context  string
	// Statement is the text that Position (1-based, in characters) is in.
	Statement string
	Position  int
}

// ReportOf takes what an error of PostgreSQL, or of Millrace in PostgreSQL's
// form, says about a statement. It is false for other errors.
func ReportOf(err error, statement string) (Report, bool) {
	var pg *pgconn.PgError
	var ours *datum.Error
	switch {
	case errors.As(err, &pg):
		r := Report{
			Severity: pg.Severity, Code: pg.Code, Message: pg.Message, Detail: pg.Detail, Hint: pg.Hint,
			Query: pg.InternalQuery, Context: pg.Where, Statement: statement, Position: int(pg.Position),
		}
		if pg.InternalPosition > 0 {
			r.Statement, r.Position = pg.InternalQuery, int(pg.InternalPosition)
		}
		return r, true
	case errors.As(err, &ours):
		return Report{
			Severity: "ERROR", Code: ours.Code, Message: ours.Message, Detail: ours.Detail, Hint: ours.Hint,
			Statement: statement, Position: ours.Position,
		}, true
	}
	return Report{}, false
}

// NoticeOf takes a notice of PostgreSQL's. Its context stays unsaid, as in psql.
func NoticeOf(n *pgconn.Notice) Report {
	return Report{Severity: n.Severity, Message: n.Message, Detail: n.Detail, Hint: n.Hint}
}

// Notice makes a notice of Millrace's own.
func Notice(message string) Report { return Report{Severity: "NOTICE", Message: message} }

// Write prints the report behind a prefix, such as "file.sql:3: ". Errors show
// their SQLSTATE, as psql does with VERBOSITY verbose.
func (r Report) Write(w io.Writer, prefix string) {
	var out strings.Builder
	fmt.Fprintf(&out, "%s%s:  ", prefix, r.Severity)
	if r.Code != "" {
		fmt.Fprintf(&out, "%s: ", r.Code)
	}
	fmt.Fprintf(&out, "%s\n", r.Message)
	if r.Position > 0 && r.Statement != "" {
		out.WriteString(excerpt(r.Statement, r.Position))
	}
	for _, part := range []struct{ name, text string }{
		{"DETAIL", r.Detail}, {"HINT", r.Hint}, {"QUERY", r.Query}, {"CONTEXT", r.Context},
	} {
		if part.text != "" {
			fmt.Fprintf(&out, "%s:  %s\n", part.name, part.text)
		}
	}
	_, _ = io.WriteString(w, out.String())
}

const (
	excerptWidth = 60 // of the line that is shown
	excerptRight = 10 // that stay visible behind the caret
)

// excerpt returns the line that a position is in, cut where it is long, and a
// caret under the place, as libpq's reportErrorPosition does.
func excerpt(statement string, position int) string {
	text := []rune(strings.ReplaceAll(statement, "\t", " "))
	at := min(position-1, len(text))
	number, begin := 1, 0
	for i, r := range text[:at] {
		if r == '\n' {
			number, begin = number+1, i+1
		}
	}
	end := at
	for end < len(text) && text[end] != '\n' && text[end] != '\r' {
		end++
	}
	wide := func(from, to int) int { return width(string(text[from:to])) }
	head, tail := "", ""
	if wide(begin, end) > excerptWidth {
		if wide(begin, at)+excerptRight > excerptWidth {
			for end > at && wide(at, end) > excerptRight {
				end, tail = end-1, "..."
			}
			for wide(begin, end) > excerptWidth {
				begin, head = begin+1, "..."
			}
		} else {
			for wide(begin, end) > excerptWidth {
				end, tail = end-1, "..."
			}
		}
	}
	label := fmt.Sprintf("LINE %d: %s", number, head)
	return label + string(text[begin:end]) + tail + "\n" + strings.Repeat(" ", len(label)+wide(begin, at)) + "^\n"
}
