package oracle

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/millrace/millrace/integration/harness"
	"github.com/millrace/millrace/topology"
)

// What a run of generated views is made of.
const (
	generatedSeed  = 100
	generatedViews = 1000
	viewsOfStream  = 50
	rowsOfStream   = 90
	smallerTrials  = 60 // to make a failing view smaller
)

// TestGenerated holds random views over random streams and rows against PostgreSQL:
// 1,000 of a seed that is always the same, of another one with MILLRACE_ORACLE_SEED, or
// with MILLRACE_ORACLE_GENERATE=1h of new seeds for an hour. A view that differs is printed
// as a script's case, made smaller.
func TestGenerated(t *testing.T) {
	if len(some()) > 0 {
		t.Skip("MILLRACE_ORACLE_SCRIPTS asks for scripts alone")
	}
	seed, until := uint64(generatedSeed), time.Time{}
	text := os.Getenv("MILLRACE_ORACLE_GENERATE")
	if text != "" || os.Getenv("MILLRACE_ORACLE_SEED") != "" {
		seed = seedOf(t)
	}
	if text != "" {
		long, err := time.ParseDuration(text)
		if err != nil {
			t.Fatalf("MILLRACE_ORACLE_GENERATE: %v", err)
		}
		until = time.Now().Add(long)
	}
	fresh := harness.Get(t).DatabaseURL
	held, views := 0, 0
	for i := uint64(0); i < generatedViews/viewsOfStream || time.Now().Before(until); i++ {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			b := newBatchOfViews(seed+i, fresh)
			held += b.check(t)
			views += len(b.views)
			if t.Failed() {
				t.Logf("MILLRACE_ORACLE_SEED=%d has it as its first stream", seed+i)
			}
		})
	}
	t.Logf("%d of %d views have an answer that can be compared", held, views)
	if held < views*3/4 {
		t.Errorf("only %d of %d views could be compared", held, views)
	}
}

// batchOfViews is a stream with views.
type batchOfViews struct {
	seed   uint64
	fresh  func(testing.TB) string
	stream string // its script
	rows   int
	views  []*selection
}

func newBatchOfViews(seed uint64, fresh func(testing.TB) string) *batchOfViews {
	script, columns := generateStream(seed, "g", rowsOfStream)
	b := &batchOfViews{seed: seed, fresh: fresh, stream: script, rows: rowsOfStream}
	for i := range viewsOfStream {
		b.views = append(b.views, generateSelect(seed*viewsOfStream+uint64(i), "g", columns))
	}
	return b
}

// check runs all views together and reports those that differ, made smaller. It returns
// how many could be compared.
func (b *batchOfViews) check(t *testing.T) int {
	differences, held, err := b.differences(t)
	if err != nil { // one of them breaks the run: which?
		t.Logf("the views together: %v", err)
		differences = map[int]string{}
		for i, v := range b.views {
			alone := *b
			alone.views = []*selection{v}
			found, _, err := alone.try(t)
			if err != nil {
				differences[i] = err.Error()
			} else if len(found) > 0 {
				differences[i] = found[0]
			}
		}
		if len(differences) == 0 {
			t.Error("each view alone is right")
		}
	}
	for i := range b.views {
		if differences[i] == "" {
			continue
		}
		small := *b
		small.views = []*selection{b.views[i]}
		difference := small.reduce(t)
		if difference == "" {
			difference = differences[i] + " (only among the others)"
		}
		t.Errorf("%s\n\n%s\n%s\n%s", difference, generatedObjects, small.stream, small.views[0].script(fmt.Sprintf("found_%d_%d", b.seed, i)))
	}
	return held
}

// try is differences in a test of its own, which closes what it opened.
func (b *batchOfViews) try(t *testing.T) (found map[int]string, held int, err error) {
	t.Run("try", func(t *testing.T) { found, held, err = b.differences(t) })
	return found, held, err
}

// corpus is the batch as a script.
func (b *batchOfViews) corpus() (*Corpus, error) {
	text := generatedObjects + "\n" + b.stream + "\n"
	for i, v := range b.views {
		text += v.script(fmt.Sprintf("g%d", i)) + "\n"
	}
	p := &parser{corpus: &Corpus{}, file: "generated", lines: strings.Split(text, "\n")}
	return p.corpus, p.parse()
}

// differences runs the views in a database of their own. held are those that
// PostgreSQL has an answer to.
func (b *batchOfViews) differences(t *testing.T) (found map[int]string, held int, err error) {
	r := &reference{t: t, seed: b.seed, fresh: b.fresh, url: b.fresh(t), expected: map[string]*Answer{}}
	setZone(t, r.url)
	conn := r.connect()
	for _, v := range b.views {
		v.dead = nil
	}
	corpus, err := b.corpus()
	if err != nil {
		return nil, 0, err
	}
	if r.database, err = Fill(t.Context(), conn, corpus); err != nil {
		return nil, 0, err
	}
	if err := r.database.exec(t.Context(), raisingRows); err != nil {
		return nil, 0, err
	}
	kept := corpus.Cases[:0]
	for i, c := range corpus.Cases {
		answer, err := r.answer(t, b.views[i], c, b.rows)
		if err != nil {
			return nil, 0, fmt.Errorf("%s: %w", c.Select, err)
		}
		if answer != nil {
			r.expected[c.Name] = answer
			kept = append(kept, c)
		}
	}
	corpus.Cases = kept
	if r.Compiled, err = Compile(t.Context(), conn, corpus); err != nil {
		return nil, 0, err
	}
	return b.run(t, r), len(kept), nil
}

// raisingRows is a function that says which records a SELECT raises an error for: it
// is carried out over each alone.
const raisingRows = `CREATE SCHEMA one;
CREATE VIEW one.g AS SELECT * FROM plain.g WHERE id = current_setting('oracle.id')::integer;
CREATE FUNCTION public.raising(query text) RETURNS TABLE (row_id integer, code text) LANGUAGE plpgsql SET search_path = one, public AS $f$
BEGIN
	FOR row_id IN SELECT id FROM plain.g ORDER BY id LOOP
		PERFORM set_config('oracle.id', row_id::text, false);
		BEGIN
			EXECUTE query;
		EXCEPTION WHEN OTHERS THEN
			code := SQLSTATE;
			RETURN NEXT;
		END;
	END LOOP;
END $f$`

// answer is PostgreSQL's to a case, without the records that it raises an error for,
// which the view must leave out; nil where errors are no single record's.
func (r *reference) answer(t *testing.T, v *selection, c *Case, rows int) (*Answer, error) {
	whole, err := r.database.ask(t.Context(), plainSchema, c.Select, c.Loose)
	if err != nil {
		t.Logf("no SELECT of PostgreSQL: %s: %v", c.Select, err)
		return nil, nil
	}
	if whole.Code == "" {
		return whole, nil
	}
	raised, err := r.database.conn.Query(t.Context(), "SELECT row_id, code FROM public.raising($1)", c.Select)
	if err != nil {
		return nil, err
	}
	dead, n := map[string][]int{}, 0
	var id int
	var code string
	if _, err = pgx.ForEachRow(raised, []any{&id, &code}, func() error {
		dead[code], n = append(dead[code], id), n+1
		return nil
	}); err != nil {
		return nil, err
	}
	if n == 0 || n == rows { // constants, or a sum, raise it
		return nil, nil
	}
	v.dead = dead
	for code := range dead {
		_, condition, _ := strings.Cut(v.script("")[strings.Index(v.script(""), "! dead "+code):], "where ")
		condition, _, _ = strings.Cut(condition, "\n")
		c.Expect = append(c.Expect, Expectation{"dead", code, condition})
	}
	answer, err := r.database.Expected(t.Context(), c)
	if err != nil {
		v.dead = nil
		return nil, nil //nolint:nilerr // the records together raise an error too
	}
	return answer, nil
}

// run carries the views out in process and compares them.
func (b *batchOfViews) run(t *testing.T, r *reference) map[int]string {
	rng := rand.New(rand.NewPCG(b.seed, 9))
	options := Options{
		Shards: 1 + rng.IntN(4), Policy: []topology.ShardingPolicy{topology.ReadOptimized, topology.WriteOptimized}[rng.IntN(2)],
		Lanes: 1 + rng.IntN(2), Batch: 60, Flush: 2, Fold: 2, BlockLimit: roomy, Seed: b.seed,
	}
	found := map[int]string{}
	index := func(c *Case) (i int) { _, _ = fmt.Sscanf(c.Name, "g%d", &i); return i }
	for name, refused := range r.Refusals {
		if refused.Code == "0A000" && strings.Contains(b.views[index(&Case{Name: name})].from, "UNION ALL") {
			continue // it must be native
		}
		found[index(&Case{Name: name})] = fmt.Sprintf("refused: %v", refused)
	}
	run := NewRun(r.store("run"), options, Seams{})
	run.Evaluator = r.evaluator()
	for _, s := range r.Streams {
		if err := run.Stream(t.Context(), s); err != nil {
			for i := range b.views {
				found[i] = err.Error()
			}
			return found
		}
		for _, v := range s.Views {
			difference := r.difference(r.database, "run", v.Case)
			if difference == "" {
				difference = b.views[index(v.Case)].deadDiffer(v.Name, run.Dead)
			}
			if difference != "" {
				found[index(v.Case)] = difference
			}
		}
	}
	return found
}

// deadDiffer compares the records that were left out. Which of several errors a record
// has is open, and so is which part of a condition is asked first: more records may be
// left out than PostgreSQL raises errors for, where all that is shown is equal.
func (s *selection) deadDiffer(view string, got map[string]int) string {
	dead := s.dead
	want, has, codes := 0, 0, []string{}
	for _, ids := range dead {
		want += len(ids)
	}
	for name, n := range got {
		if code, is := strings.CutPrefix(name, view+" "); is {
			has += n
			codes = append(codes, code)
		}
	}
	slices.Sort(codes)
	if has > want && strings.Contains(strings.ToUpper(s.sql()), "WHERE") {
		return ""
	}
	if want != has {
		return fmt.Sprintf("%d records left out, want %d: %v, want %v", has, want, codes, dead)
	}
	if len(dead) == 1 && len(codes) == 1 && dead[codes[0]] == nil {
		return fmt.Sprintf("records left out by %v, want %v", codes, dead)
	}
	return ""
}
