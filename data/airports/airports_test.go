package airports

import (
	"encoding/csv"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestAirports(t *testing.T) {
	all, err := csv.NewReader(CSV()).ReadAll()
	if err != nil || len(all) != Count+1 {
		t.Fatalf("%d lines, %v", len(all), err)
	}
	for i, column := range strings.Split(Columns, ", ") {
		if name, _, _ := strings.Cut(column, " "); name != all[0][i] {
			t.Errorf("column %d is %q, the file's %q", i, name, all[0][i])
		}
	}
	seen := map[string]bool{}
	for _, row := range all[1:] {
		if row[0] == "" || seen[row[0]] {
			t.Errorf("airport %q has no code of its own", row)
		}
		seen[row[0]] = true
	}
}
