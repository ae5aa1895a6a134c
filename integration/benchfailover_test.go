package integration

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/millrace/millrace/integration/harness"
	"github.com/millrace/millrace/integration/system"
)

// TestBenchFailover runs the bench of failovers small: it must come to exact
// views and to every figure, and nothing may stay behind on the servers. How long
// anything stands still is no test.
func TestBenchFailover(t *testing.T) {
	servers := harness.Get(t)
	c := system.NewCluster(t, servers.Cluster(t), servers.Brokers, servers.DatabaseURL(t))
	out, errOut, status := c.Command("",
		"bench", "failover", "--runs", "1", "--only", "kill", "--nodes", "2", "--partitions", "2", "--shards", "2",
		"--rate", "100", "--groups", "10", "--quiet", "1s", "--json",
		"--kafka", strings.Join(servers.Brokers, ","), "--postgres", servers.AdminURL,
	)
	if status != 0 {
		t.Fatalf("status %d\n%s%s", status, out, errOut)
	}
	var report struct {
		Nodes int
		Cases []struct {
			Name    string
			Promise float64
			By      string `json:"promise_is_about"`
			Figures []struct {
				Name          string
				Median, Worst float64
				Ratio         float64 `json:"ratio_to_none"`
				Samples       []float64
			}
		}
	}
	if err := json.Unmarshal([]byte(out), &report); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if len(report.Cases) != 2 || report.Nodes != 2 || report.Cases[0].Name != "none" || report.Cases[1].Name != "kill" {
		t.Fatalf("not the cases that were asked for:\n%s", out)
	}
	for _, of := range report.Cases {
		var names []string
		for _, f := range of.Figures {
			names = append(names, f.Name)
			if len(f.Samples) != 1 || f.Median != f.Samples[0] || f.Worst != f.Median || f.Median < 0 {
				t.Errorf("%s: %+v", of.Name, f)
			}
			if f.Name == "until_all" && (f.Median <= 0 || f.Ratio <= 0) {
				t.Errorf("%s: %+v", of.Name, f)
			}
		}
		if got := strings.Join(names, " "); got != "until_folding until_reading until_all still_folding still_reading still_others still_all latency back observer span" {
			t.Errorf("%s has the figures %s", of.Name, got)
		}
	}
	if kill := report.Cases[1]; kill.Promise != 5 || kill.By != "until_all" {
		t.Errorf("%+v", kill)
	}
	if left := benchLeftovers(t.Context(), t, servers); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}
