package bench

import (
	"fmt"
	"slices"
	"strings"

	"github.com/millrace/millrace/consumer/format"
)

// query is one of the questions that the contenders answer.
type query struct {
	name string
	// kind is that of the events that it reads.
	kind Kind
	// columns are the stream's; sql is the view's SELECT, over a stream named %s.
	columns, sql string
	// fields are what Millrace's decoder extracts, the price in column 1.
	fields []format.Field
	// parser makes what the parse row does with a record: extract the fields and
	// return the price.
	parser func() func(value []byte) (price int64, err error)
	// groups makes the rival's groups; rivalTable creates its table %s, and
	// rivalRows reads from it what the view shows.
	groups                func() rivalGroups
	rivalTable, rivalRows string
	// expect adds up what all events of the settings come to.
	expect func(*Settings) expectation
}

// bidColumns are the stream's of both queries.
const bidColumns = `auction bigint, bidder bigint, price bigint, channel text, url text, "dateTime" timestamp, extra text`

const (
	nameQA  = "qa"
	nameQ17 = "q17"
	nameAll = "all" // queries
)

func queries() []query { return []query{qa(), q17()} }

// queryNamed returns the query of a name, the first one for none.
func queryNamed(name string) (query, error) {
	all := queries()
	if name == "" {
		return all[0], nil
	}
	i := slices.IndexFunc(all, func(q query) bool { return q.name == name })
	if i < 0 {
		return query{}, fmt.Errorf("--query is %q: there are %s", name, queryNames())
	}
	return all[i], nil
}

func queryNames() string {
	var names []string
	for _, q := range queries() {
		names = append(names, q.name)
	}
	return strings.Join(append(names, nameAll), ", ")
}

// queries are those that the settings ask for.
func (s *Settings) queries() []query {
	if s.Query == nameAll {
		return queries()
	}
	q, err := queryNamed(s.Query)
	if err != nil {
		panic("bug: the settings were not validated: " + err.Error())
	}
	return []query{q}
}

// view is the query's SELECT over a stream, in one line.
func (q *query) view(stream string) string {
	return strings.Join(strings.Fields(fmt.Sprintf(q.sql, stream)), " ")
}
