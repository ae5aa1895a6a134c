package datum_test

import (
	"bufio"
	"context"
	"crypto/sha256"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/millrace/millrace/aggregator/datum"
)

var update = flag.Bool("update", false,
	"write testdata/*.txt anew from the PostgreSQL that MILLRACE_TEST_DATABASE_URL names")

// operation is one function of the package and the SQL that it stands for. {1},
// {2}, … are its arguments as literals, {1r} as they are. Where zoned is set, the
// first argument, {0}, is the session's time zone.
type operation struct {
	name  string
	sql   string
	zoned bool
	args  func() [][]string // for -update
	run   func(args []string) string
	// check, instead of run, compares an answer of another form.
	check func(args []string, want string) error
}

// TestGolden compares every operation with PostgreSQL's own answers.
func TestGolden(t *testing.T) {
	for file, operations := range map[string][]operation{
		"decimal": decimalOperations, "scalar": scalarOperations,
		"interval": intervalOperations, "datetime": datetimeOperations, "zoned": zonedOperations,
	} {
		path := filepath.Join("testdata", file+".txt")
		if *update {
			writeGolden(t, path, operations)
		}
		t.Run(file, func(t *testing.T) { compareGolden(t, path, operations) })
	}
}

func compareGolden(t *testing.T, path string, operations []operation) {
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	byName, counts := map[string]operation{}, map[string]int{}
	for _, o := range operations {
		byName[o.name] = o
	}
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<22)
	for n := 1; lines.Scan(); n++ {
		words := splitGolden(t, lines.Text())
		o, ok := byName[words[0]]
		if !ok {
			t.Fatalf("%s:%d: unknown operation %q", path, n, words[0])
		}
		counts[o.name]++
		args, want := words[1:len(words)-1], words[len(words)-1]
		if o.check != nil {
			if err := o.check(args, want); err != nil {
				t.Errorf("%s:%d: %s %.200q: %v", path, n, o.name, args, err)
			}
		} else if got := digest(o.run(args)); got != want {
			t.Errorf("%s:%d: %s %.300q\n got %.300s\nwant %.300s", path, n, o.name, args, got, want)
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	for _, o := range operations {
		if counts[o.name] == 0 {
			t.Errorf("%s has no case of %s", path, o.name)
		}
	}
}

// digest shortens an answer of thousands of digits.
func digest(s string) string {
	if len(s) <= 400 {
		return s
	}
	return fmt.Sprintf("%d bytes, sha256 %x", len(s), sha256.Sum256([]byte(s)))
}

// splitGolden takes a line apart: the operation, quoted arguments, the answer.
func splitGolden(t *testing.T, line string) []string {
	var words []string
	for i, part := range strings.Split(line, "\t") {
		if i > 0 {
			word, err := strconv.Unquote(part)
			if err != nil {
				t.Fatalf("golden line %q: %v", line, err)
			}
			part = word
		}
		words = append(words, part)
	}
	return words
}

// try runs a statement in a zone and returns its answer or its error as text.
const tryFunction = `
CREATE TEMP TABLE node_of (n numeric);
CREATE FUNCTION pg_temp.try(zone text, q text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE r text; m text; d text; h text;
BEGIN
	PERFORM set_config('TimeZone', zone, false);
	EXECUTE 'SELECT (' || q || ')::text' INTO r;
	RETURN coalesce(r, 'NULL');
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS m = MESSAGE_TEXT, d = PG_EXCEPTION_DETAIL, h = PG_EXCEPTION_HINT;
	RETURN 'ERROR ' || SQLSTATE || ': ' || m || '|' || d || '|' || h;
END $$;
CREATE FUNCTION pg_temp.node(v text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('ALTER TABLE node_of ALTER COLUMN n SET DEFAULT %L::numeric', v);
	RETURN (SELECT substring(adbin::text from ':constvalue (.*)}') FROM pg_attrdef WHERE adrelid = 'node_of'::regclass);
END $$;
SET DateStyle = 'ISO, MDY'; SET IntervalStyle = 'postgres'; SET lc_messages = 'C'; SET extra_float_digits = 1;`

func writeGolden(t *testing.T, path string, operations []operation) {
	dsn := os.Getenv("MILLRACE_TEST_DATABASE_URL")
	if dsn == "" {
		t.Fatal("-update needs MILLRACE_TEST_DATABASE_URL")
	}
	ctx := context.Background()
	db, err := pgx.Connect(ctx, dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close(ctx)
	if _, err := db.Exec(ctx, tryFunction); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for _, o := range operations {
		tuples := o.args()
		var zones, queries []string
		for _, args := range tuples {
			zone, rest := "UTC", args
			if o.zoned {
				zone, rest = args[0], args[1:]
			}
			q := strings.ReplaceAll(o.sql, "{0}", literal(zone))
			for i, a := range rest {
				q = strings.ReplaceAll(q, fmt.Sprintf("{%d}", i+1), literal(a))
				q = strings.ReplaceAll(q, fmt.Sprintf("{%dr}", i+1), a)
			}
			zones, queries = append(zones, zone), append(queries, q)
		}
		rows, err := db.Query(ctx, `SELECT pg_temp.try(z, q) FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS u(z, q, n) ORDER BY n`, zones, queries)
		if err != nil {
			t.Fatal(err)
		}
		answers, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatalf("%s: %v", o.name, err)
		}
		for i, args := range tuples {
			out.WriteString(o.name)
			for _, word := range args {
				out.WriteString("\t" + strconv.Quote(word))
			}
			if o.check == nil {
				answers[i] = digest(answers[i])
			}
			out.WriteString("\t" + strconv.Quote(answers[i]) + "\n")
		}
	}
	if err := os.WriteFile(path, []byte(out.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

func literal(s string) string {
	s = strings.ReplaceAll(s, "'", "''")
	if strings.Contains(s, `\`) {
		return "E'" + strings.ReplaceAll(s, `\`, `\\`) + "'"
	}
	return "'" + s + "'"
}

// failure is an error as the golden files write it.
func failure(err *datum.Error) string {
	return fmt.Sprintf("ERROR %s: %s|%s|%s", err.Code, err.Message, err.Detail, err.Hint)
}

// answer is what the text of a value or its error amounts to.
func answer[T any](v T, err *datum.Error, text func(T) string) string {
	if err != nil {
		return failure(err)
	}
	return text(v)
}

// cross pairs every a with every b.
func cross(a, b []string) (all [][]string) {
	for _, x := range a {
		for _, y := range b {
			all = append(all, []string{x, y})
		}
	}
	return all
}

// each makes tuples of one.
func each(a []string) (all [][]string) {
	for _, x := range a {
		all = append(all, []string{x})
	}
	return all
}
