package bench

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

// Ratios are taken within a round, then the median: a neighbour that slows one
// round down slows both of its sides.
func TestRatiosAreOfOneRound(t *testing.T) {
	second := func(x float64) sample {
		return sample{CPU: time.Duration(x * float64(time.Second)), Wall: time.Duration(2 * x * float64(time.Second))}
	}
	rounds := []round{
		{nameBare: second(1), nameMillrace: second(2)},
		{nameBare: second(10), nameMillrace: second(20)},
		{nameBare: second(3), nameMillrace: second(4)},
	}
	q := summarize(rounds, 1000)
	if len(q.Contenders) != 2 || q.Counted != 3 {
		t.Fatalf("%+v", q)
	}
	m := q.Contenders[1]
	if m.Name != nameMillrace || m.ToBare != 0.5 || m.ToRival != 0 || m.CPUSeconds != 4 || m.EventsPerCPU != 250 || m.EventsPerSecond != 125 {
		t.Errorf("%+v", m)
	}
	q.Query, q.Events, q.Groups = nameQA, 1000, 10
	old := &report{Queries: []queryReport{{Query: nameQA, Counted: 1, Contenders: []result{{Name: nameMillrace, ToBare: 0.44, ToRival: 1.23}}}}}
	r := &report{Runs: 3, Queries: []queryReport{*q}, Groups: 10, Fold: []foldResult{{Groups: 1000, Millrace: 1_234_567, HandWritten: 999, Ratio: 1.5}}}
	var out bytes.Buffer
	if err := r.print(&out, old, false); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"millrace       125           250    0.50        -        -   4.00          0.44           1.23", "1,234,567", "999", "1.50", "medians of 3 rounds"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in:\n%s", want, out.String())
		}
	}
}

// A round whose rival is far behind its own parse row measures something else
// than the consumer.
func TestRoundsCount(t *testing.T) {
	seconds := func(parse, rival, millrace float64) round {
		of := func(x float64) sample {
			return sample{CPU: time.Duration(x * float64(time.Second)), Wall: time.Second}
		}
		return round{nameParse: of(parse), nameRival: of(rival), nameMillrace: of(millrace)}
	}
	q := summarize([]round{seconds(8, 10, 5), seconds(7, 10, 1), seconds(9, 10, 10)}, 1000)
	if q.Rounds != 3 || q.Counted != 2 || q.Contenders[2].ToRival != 1 || q.Contenders[2].CPUSeconds != 5 || len(q.Contenders[2].Samples) != 3 {
		t.Errorf("%+v", q)
	}
	if text := q.counted(); !strings.Contains(text, "2 of 3 rounds") || !strings.Contains(text, "0.80 0.70 0.90") {
		t.Error(text)
	}
	q = summarize([]round{seconds(7, 10, 5)}, 1000)
	if q.Counted != 0 || q.Contenders[2].ToRival != 2 || q.Contenders[2].CPUSeconds != 5 || !strings.Contains(q.counted(), "NO ROUND COUNTS") {
		t.Errorf("%+v: %s", q, q.counted())
	}
	var out bytes.Buffer
	if err := q.print(&out, nil); err != nil || !strings.Contains(out.String(), "(2.00)") {
		t.Errorf("%v: a ratio that does not count is not in brackets:\n%s", err, out.String())
	}
}

func TestValidateNamesEveryFault(t *testing.T) {
	s := Settings{Only: []string{"bare", "nobody"}, Interval: 1, Query: "q99"}
	err := s.Validate()
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{"--events", "--groups", "--runs", "--lanes", "--interval", "--rival-interval", "--query", `"nobody"`} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no %s in %v", want, err)
		}
	}
	good := Settings{Events: 100, Groups: 10, Runs: 1, Lanes: 1, RivalInterval: time.Second, Query: nameAll, Only: []string{"rival", "fold"}}
	if err := good.Validate(); err != nil {
		t.Error(err)
	}
}

func TestWithDatabase(t *testing.T) {
	for _, c := range [][2]string{
		{"postgres://u:p@h:5/db?sslmode=disable", "postgres://u:p@h:5/x?sslmode=disable"},
		{"host=h user=u", "host=h user=u dbname=x"},
	} {
		if got, err := withDatabase(c[0], "x"); err != nil || got != c[1] {
			t.Errorf("%s: %s %v", c[0], got, err)
		}
	}
	if _, err := withDatabase("postgres://u:secret@[h", "x"); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("%v", err)
	}
}
