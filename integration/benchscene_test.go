package integration

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/millrace/millrace/integration/harness"
	"github.com/millrace/millrace/integration/system"
)

// TestBenchScenes runs every scene of the bench small: each must come to exact
// views and to its figures, with the promise beside those that have one, and nothing
// may stay behind on the servers. Whether a promise is held is no test.
func TestBenchScenes(t *testing.T) {
	servers := harness.Get(t)
	c := system.NewCluster(t, servers.Cluster(t), servers.Brokers, servers.DatabaseURL(t))
	for _, of := range []struct {
		args, figures, promised string
	}{
		{
			"views --events 4000 --groups 50 --runs 1 --views 9",
			"first views_1; different views_9 views_9_each_further; same views_9 views_9_each_further",
			"different.views_9_each_further same.views_9_each_further",
		},
		{
			"lanes --events 4000 --groups 50 --pairs 1",
			"lanes lanes_1 lanes_2 ratio", "lanes.ratio",
		},
		{
			"scale --events 4000 --groups 50 --pairs 1 --partitions 8 --shards 2 --views 3",
			"base base; partitions partitions_8 partitions_8_ratio; shards shards_2 shards_2_ratio; views views_3 views_3_ratio",
			"partitions.partitions_8_ratio shards.shards_2_ratio views.views_3_ratio",
		},
		{
			"latency --events 4000 --groups 50 --for 1s --idle 20",
			"full rate; busy rate p50 p99 max; quiet rate p50 p99 max", "busy.p50 busy.p99 quiet.p99",
		},
		{
			"memory --events 3000 --few 10 --many 2000 --runs 1 --distinct 3000 --limits 0,100663296",
			"groups few many more; distinct-0 peak TENTHS steepest; distinct-100663296 peak TENTHS steepest",
			"groups.more distinct-0.peak distinct-0.steepest distinct-100663296.peak distinct-100663296.steepest",
		},
		{
			"start --views 3 --groups 300 --runs 1",
			"start first_fold all_folded", "start.first_fold",
		},
		{
			"fold --rows 2000 --sizes 50 --folds 3",
			"rows_2000_groups_50 millrace_rate conflict_rate merge_rate ratio changes millrace_wal millrace_hot conflict_wal conflict_hot merge_wal merge_hot",
			"rows_2000_groups_50.ratio rows_2000_groups_50.changes",
		},
		{
			"evaluator --events 4000 --groups 50 --rounds 1",
			"alone native sql sql_share plpgsql plpgsql_share to_char to_char_share; beside beside-waits beside-waits_share beside-sql beside-sql_share",
			"alone.sql_share alone.plpgsql_share alone.to_char_share beside.beside-waits_share",
		},
	} {
		name, _, _ := strings.Cut(of.args, " ")
		t.Run(name, func(t *testing.T) {
			args := append([]string{"bench"}, strings.Fields(of.args)...)
			out, errOut, status := c.Command("", append(args, "--json", "--kafka", strings.Join(servers.Brokers, ","), "--postgres", servers.AdminURL)...)
			if status != 0 {
				t.Fatalf("status %d\n%s%s", status, out, errOut)
			}
			figures, promised := sceneFigures(t, name, out)
			tenths := "tenth_1 tenth_2 tenth_3 tenth_4 tenth_5 tenth_6 tenth_7 tenth_8 tenth_9 tenth_10"
			if want := strings.ReplaceAll(of.figures, "TENTHS", tenths); figures != want {
				t.Errorf("figures\n%s\nwant\n%s", figures, want)
			}
			if promised != of.promised {
				t.Errorf("promises for %s\nwant %s", promised, of.promised)
			}
		})
	}
	if left := benchLeftovers(t.Context(), t, servers); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// sceneFigures returns the parts of a scene's report with their figures, and those that
// have a promise.
func sceneFigures(t *testing.T, scene, out string) (figures, promised string) {
	t.Helper()
	var report struct {
		Scene string
		Parts []struct {
			Name    string
			Figures []struct {
				Name    string
				Value   *float64
				Promise *struct{ Limit float64 }
			}
		}
	}
	if err := json.Unmarshal([]byte(out), &report); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if report.Scene != scene {
		t.Errorf("the scene is %q", report.Scene)
	}
	var parts, promises []string
	for _, p := range report.Parts {
		part := p.Name
		for _, f := range p.Figures {
			part += " " + f.Name
			if f.Value == nil {
				t.Errorf("%s of %s has no value", f.Name, p.Name)
			}
			if f.Promise == nil {
				continue
			}
			promises = append(promises, p.Name+"."+f.Name)
			if f.Promise.Limit <= 0 {
				t.Errorf("%s of %s has the promise %v", f.Name, p.Name, f.Promise)
			}
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, "; "), strings.Join(promises, " ")
}
