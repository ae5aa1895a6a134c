package bench

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

// Ratios are to what there is without harm, and what is not about one node is
// not said of all of them.
func TestFailoverReport(t *testing.T) {
	r := &failoverReport{Nodes: 3, Partitions: 6, Shards: 6, Rate: 2000, Runs: 2}
	for _, c := range failoverCases() {
		switch c.name {
		case caseNone:
			r.add(c, figures{UntilAll: 0.25, StillAll: 0.5, Latency: 0.5})
			r.add(c, figures{UntilAll: 0.25, StillAll: 1, Latency: 2})
		case caseKill:
			r.add(c, figures{UntilAll: 2, StillAll: 2.5})
			r.add(c, figures{UntilAll: 3, StillAll: 4})
		case caseRolling:
			r.add(c, figures{UntilAll: 7777, StillAll: 1, Latency: 2.5, Exit: 0.75})
			r.add(c, figures{UntilAll: 7777, StillAll: 1, Latency: 1, Exit: 1})
		}
	}
	var out bytes.Buffer
	if err := r.print(&out, false); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"kill: SIGKILL of a node median worst × none promise",
		"until everything goes on 2.00 3.00 8.00 < 5",
		"anything stood still for 2.50 4.00 5.00",
		"age of the oldest event when it was in a row 1.00 2.50 2.00 < 3",
		"the process took to end 0.75 1.00 -",
	} {
		if !strings.Contains(strings.Join(strings.Fields(out.String()), " "), want) {
			t.Errorf("no %q in:\n%s", want, out.String())
		}
	}
	if strings.Contains(out.String(), "7777") {
		t.Errorf("a figure of one node in a case of all:\n%s", out.String())
	}
}

func TestFailoverValidateNamesEveryFault(t *testing.T) {
	s := FailoverSettings{Settings: Settings{Only: []string{"kill", "nothing"}}}
	err := s.Validate()
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{"--nodes", "--partitions", "--shards", "--rate", "--groups", "--runs", "--quiet", `"nothing"`} {
		if want != "--partitions" && want != "--shards" && !strings.Contains(err.Error(), want) {
			t.Errorf("no %s in %v", want, err)
		}
	}
	good := FailoverSettings{Settings: Settings{Groups: 1, Runs: 1, Only: []string{"kill"}}, Nodes: 2, Partitions: 2, Shards: 2, Rate: 100, Quiet: time.Second}
	if err := good.Validate(); err != nil {
		t.Error(err)
	}
	good.Partitions, good.Shards = 1, 1
	if err := good.Validate(); err == nil || !strings.Contains(err.Error(), "--partitions") || !strings.Contains(err.Error(), "--shards") {
		t.Error(err)
	}
}

func TestWithHost(t *testing.T) {
	for _, c := range [][2]string{
		{"postgres://u:p@h:5/db?sslmode=disable&port=7", "postgres://u:p@127.0.0.1:9/db?sslmode=disable"},
		{"host=h user=u", "host=h user=u host=127.0.0.1 port=9"},
	} {
		if got, err := withHost(c[0], "127.0.0.1:9"); err != nil || got != c[1] {
			t.Errorf("%s: %s %v", c[0], got, err)
		}
	}
	if _, err := withHost("postgres://u:secret@[h", "127.0.0.1:9"); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("%v", err)
	}
}
