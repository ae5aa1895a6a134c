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
	rounds := []map[string]sample{
		{nameBare: second(1), nameMillrace: second(2)},
		{nameBare: second(10), nameMillrace: second(20)},
		{nameBare: second(3), nameMillrace: second(4)},
	}
	all := summarize(rounds, 1000)
	if len(all) != 2 {
		t.Fatalf("%+v", all)
	}
	m := all[1]
	if m.Name != nameMillrace || m.ToBare != 0.5 || m.ToRival != 0 || m.CPUSeconds != 4 || m.EventsPerCPU != 250 || m.EventsPerSecond != 125 {
		t.Errorf("%+v", m)
	}
	r := &report{Events: 1000, Groups: 10, Runs: 3, Contenders: all, Fold: []foldResult{{Groups: 1000, Millrace: 1_234_567, HandWritten: 999, Ratio: 1.5}}}
	var out bytes.Buffer
	if err := r.print(&out, false); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"millrace       125           250    0.50        -   4.00", "1,234,567", "999", "1.50"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in:\n%s", want, out.String())
		}
	}
}

func TestValidateNamesEveryFault(t *testing.T) {
	s := Settings{Only: []string{"bare", "nobody"}}
	err := s.Validate()
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{"--events", "--groups", "--runs", "--lanes", "--interval", `"nobody"`} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no %s in %v", want, err)
		}
	}
	good := Settings{Events: 100, Groups: 10, Runs: 1, Lanes: 1, Interval: time.Second, Only: []string{"rival", "fold"}}
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
