package query

import (
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"github.com/millrace/millrace/aggregator/datum"
)

// recording is what one PostgreSQL version answered for every SELECT of
// testdata/scripts. The tests of sink/analyse write it, with -record.
type recording struct {
	Schema   Schema                  `json:"schema"`
	Analyses map[string]*Analysis    `json:"analyses"`
	Errors   map[string]*datum.Error `json:"errors"`
}

func recordings(t testing.TB) map[string]recording {
	paths, err := filepath.Glob("testdata/analyses/*.json.gz")
	if err != nil || len(paths) < 2 {
		t.Fatalf("recordings %v: %v", paths, err)
	}
	all := map[string]recording{}
	for _, path := range paths {
		file, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		unzip, err := gzip.NewReader(file)
		if err != nil {
			t.Fatal(err)
		}
		var r recording
		if err := json.NewDecoder(unzip).Decode(&r); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		if err := file.Close(); err != nil {
			t.Fatal(err)
		}
		all[filepath.Base(path)] = r
	}
	return all
}

// TestScripts builds every SELECT of testdata/scripts from what each recorded
// PostgreSQL version answered: the plans and the errors, carets included, must
// be the same on all of them.
func TestScripts(t *testing.T) {
	all := recordings(t)
	datadriven.Walk(t, "testdata/scripts", func(t *testing.T, path string) {
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			answer, from := "", ""
			for version, r := range all {
				got := planOf(r, d.Input)
				if from != "" && got != answer {
					t.Errorf("%s\n%s:\n%s%s:\n%s", d.Input, from, answer, version, got)
				}
				answer, from = got, version
			}
			return answer
		})
	})
}

func planOf(r recording, sql string) string {
	if failed, ok := r.Errors[sql]; ok {
		return failure(sql, failed)
	}
	analysis, ok := r.Analyses[sql]
	if !ok {
		return "not recorded: run the tests of sink/analyse with -record on this version\n"
	}
	plan, err := Build(analysis, r.Schema)
	if err != nil {
		return failure(sql, err)
	}
	return plan.Describe()
}

// failure prints an error as psql does, the line and the caret included.
func failure(sql string, err error) string {
	var pure *datum.Error
	if !errors.As(err, &pure) {
		return "not a datum.Error: " + err.Error() + "\n"
	}
	out := fmt.Sprintf("ERROR: %s: %s\n", pure.Code, pure.Message)
	if pure.Position > 0 {
		before := []rune(sql + " ")[:pure.Position-1]
		line := strings.Count(string(before), "\n")
		column := len(before) - len([]rune(string(before)[:strings.LastIndex(string(before), "\n")+1]))
		out += fmt.Sprintf("LINE %d: %s\n%s^\n", line+1, strings.Split(sql, "\n")[line], strings.Repeat(" ", column+len("LINE 1: ")))
	}
	if pure.Detail != "" {
		out += "DETAIL: " + pure.Detail + "\n"
	}
	if pure.Hint != "" {
		out += "HINT: " + pure.Hint + "\n"
	}
	return out
}
