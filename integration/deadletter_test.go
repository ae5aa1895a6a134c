package integration

import (
	"fmt"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace/millrace/integration/system"
)

// TestDeadLetters sends records that cannot be decoded, or not evaluated for one
// of two views: each is set aside whole, with where it is from and why, and its
// batch counts.
func TestDeadLetters(t *testing.T) {
	s := newScene(t)
	s.stream("pairs", "a int, b int", 2)
	s.c.SQL(`CREATE CONTINUOUS VIEW ratios WITH (start = 'earliest') AS SELECT count(*), sum(a / b) FROM pairs;
		CREATE CONTINUOUS VIEW plain WITH (start = 'earliest') AS SELECT count(*), sum(a) AS sa, sum(b) AS sb FROM pairs;`)
	good := []string{`{"a": 6, "b": 3}`, `{"a": 8, "b": 2}`, `{"a": 1, "b": null}`}
	header := []kgo.RecordHeader{{Key: "trace", Value: []byte{0, 0xff}}, {Key: "millrace.reason", Value: []byte("its own")}}
	bad := []*kgo.Record{
		{Partition: 1, Key: []byte("k1"), Value: []byte(`{"a": 1, "b"`), Headers: header},
		{Partition: 1, Key: nil, Value: []byte(`{"a": "one", "b": 1}`)},
		{Partition: 0, Key: []byte{0xfe, 0}, Value: []byte(`{"a": 5, "b": 0}`), Headers: header},
		{Partition: 0, Key: []byte("k4"), Value: []byte(`{"a": 3000000000, "b": 1}`)},
		{Partition: 0, Key: []byte("k5"), Value: []byte("\xff\xfe")},
	}
	s.produce("pairs", 0, good...)
	for _, r := range bad {
		r.Topic = s.topic("pairs")
		s.send(r)
		s.produce("pairs", r.Partition, good...)
	}
	node := s.c.Start().Ready()
	s.c.Flush()
	s.want("SELECT * FROM ratios", "18 36")
	s.want("SELECT * FROM plain", "19 95 30")

	letters := map[string]*kgo.Record{}
	s.probe("pairs").read(t.Context(), s.c.Name+".dead.pairs", func(r *kgo.Record) { letters[string(r.Value)] = r })
	if len(letters) != len(bad) {
		t.Errorf("%d dead letters for %d bad records", len(letters), len(bad))
	}
	both := "ratios,plain"
	for i, want := range []struct{ stage, code, views string }{
		{"decode", "22P02", both}, {"decode", "22P02", both}, {"evaluate", "22012", "ratios"}, {"decode", "22003", both}, {"decode", "", both},
	} {
		checkLetter(t, bad[i], letters[string(bad[i].Value)], want.stage, want.code, want.views)
	}
	if got := node.Metric("millrace_dead_letters_total", `stream="pairs"`); got != float64(len(bad)) {
		t.Errorf("%v dead letters counted", got)
	}
	checkDeadList(t, s, len(bad))
}

// checkLetter holds a dead letter against the record that it was made of.
func checkLetter(t *testing.T, bad, letter *kgo.Record, stage, code, views string) {
	t.Helper()
	if letter == nil {
		t.Errorf("no dead letter for %q", bad.Value)
		return
	}
	if string(letter.Key) != string(bad.Key) || (letter.Key == nil) != (bad.Key == nil) {
		t.Errorf("%q: key %q became %q", bad.Value, bad.Key, letter.Key)
	}
	own := len(bad.Headers)
	if len(letter.Headers) < own {
		t.Fatalf("%q: headers %v", bad.Value, letter.Headers)
	}
	for i, h := range bad.Headers {
		if got := letter.Headers[i]; got.Key != h.Key || string(got.Value) != string(h.Value) {
			t.Errorf("%q: header %v became %v", bad.Value, h, got)
		}
	}
	about := map[string]string{}
	for _, h := range letter.Headers[own:] {
		about[h.Key] = string(h.Value)
	}
	for key, want := range map[string]string{
		"millrace.stage": stage, "millrace.views": views, "millrace.topic": bad.Topic,
		"millrace.partition": strconv.Itoa(int(bad.Partition)), "millrace.offset": strconv.FormatInt(bad.Offset, 10),
		"millrace.timestamp": strconv.FormatInt(bad.Timestamp.UnixMilli(), 10),
	} {
		if about[key] != want {
			t.Errorf("%q: %s is %q, not %q", bad.Value, key, about[key], want)
		}
	}
	if about["millrace.reason"] == "" || len(about["millrace.sqlstate"]) != 5 || code != "" && about["millrace.sqlstate"] != code {
		t.Errorf("%q: reason %q, SQLSTATE %q, not %q", bad.Value, about["millrace.reason"], about["millrace.sqlstate"], code)
	}
}

// checkDeadList looks at `millrace dead list --json`.
func checkDeadList(t *testing.T, s *scene, n int) {
	t.Helper()
	all := s.list("dead", "list")
	if len(all) != n {
		t.Fatalf("dead list has %d entries, not %d", len(all), n)
	}
	for _, l := range all {
		if l["stream"] != "pairs" || l["topic"] != s.topic("pairs") || l["reason"] == "" || l["sqlstate"] == "" || l["at"] == "" || l["time"] == nil {
			t.Errorf("dead list: %v", l)
		}
		if text, ok := l["value"].(string); ok == (l["value_base64"] != nil) {
			t.Errorf("dead list: value %q and value_base64 %v", text, l["value_base64"])
		}
	}
	if one := s.list("dead", "list", "pairs", "--limit", "1"); len(one) != 1 {
		t.Errorf("--limit 1 gives %d", len(one))
	}
}

// TestOnErrorSkip leaves bad records out and counts them.
func TestOnErrorSkip(t *testing.T) {
	s := newScene(t)
	s.stream("events", "a int", 1, "on_error = 'skip'")
	s.c.SQL(`CREATE CONTINUOUS VIEW v WITH (start = 'earliest') AS SELECT count(*), sum(10 / a) FROM events;`)
	s.produce("events", 0, `{"a": 1}`, `nonsense`, `{"a": 0}`, `{"a": 5}`)
	node := s.c.Start().Ready()
	s.c.Flush()
	s.want("SELECT * FROM v", "2 12")
	if got := node.Metric("millrace_records_skipped_total", `stream="events"`); got != 2 {
		t.Errorf("%v records counted as skipped, not 2", got)
	}
	if n := s.probe("events").count(t.Context(), s.c.Name+".dead.events"); n != 0 {
		t.Errorf("%d dead letters", n)
	}
}

// TestOnErrorStop stops the partition at the bad record, names it, and leaves
// the rest alone. A second stream goes on, and so does the stream's other
// partition.
func TestOnErrorStop(t *testing.T) {
	s := newScene(t)
	s.stream("strict", "a int", 2, "on_error = 'stop'")
	s.stream("other", "a int", 1)
	s.c.SQL(`CREATE CONTINUOUS VIEW v WITH (start = 'earliest') AS SELECT count(*), sum(a) FROM strict;
		CREATE CONTINUOUS VIEW w WITH (start = 'earliest') AS SELECT count(*), sum(a) FROM other;`)
	s.produce("strict", 0, `{"a": 1}`, `{"a": 2}`, `{"a": "x"}`, `{"a": 100}`)
	s.produce("strict", 1, `{"a": 10}`)
	s.produce("other", 0, `{"a": 7}`)
	node := s.c.Start().Ready()
	s.eventually(30*time.Second, "SELECT * FROM v", "3 13")
	s.produce("other", 0, `{"a": 8}`)
	s.eventually(30*time.Second, "SELECT * FROM w", "2 15")
	s.produce("strict", 1, `{"a": 20}`)
	s.eventually(30*time.Second, "SELECT * FROM v", "4 33")
	logged(t, node, 10*time.Second, "strict", "on_error = 'stop'", "offset 2")
	status, body := node.Get("/readyz")
	if status != http.StatusOK || !containsAll(body, "strict", "offset 2") {
		t.Errorf("/readyz: %d %s", status, body)
	}
	_, stderr, exit := s.c.Within(30*time.Second, nil, "", "flush", "--timeout", "1s", "v")
	if exit != 1 || !containsAll(stderr, "strict", "folded up to 2 of 4") {
		t.Errorf("flush of a stopped view: status %d, %s", exit, stderr)
	}
	if exit := node.Stop(); exit != 0 {
		t.Errorf("status %d", exit)
	}
	// A restart meets the record again: still nothing is skipped.
	node = s.c.Start().Ready()
	s.produce("strict", 1, `{"a": 30}`)
	s.eventually(30*time.Second, "SELECT * FROM v", "5 63")
	logged(t, node, 10*time.Second, "strict", "on_error = 'stop'", fmt.Sprintf("offset %d", 2))
	system.Wait(t, 10*time.Second, "the problem in /readyz", func() bool {
		_, body := node.Get("/readyz")
		return containsAll(body, "strict")
	})
}
