package main

import (
	"path/filepath"
	"strings"
	"testing"
)

const stream = `{"Action":"build-output","ImportPath":"p/broken","Output":"broken.go:1: no\n"}
{"Action":"build-fail","ImportPath":"p/broken"}
{"Action":"fail","Package":"p/broken","FailedBuild":"p/broken"}
{"Action":"run","Package":"p/a","Test":"TestGood"}
{"Action":"output","Package":"p/a","Test":"TestGood","Output":"chatter\n"}
{"Action":"pass","Package":"p/a","Test":"TestGood"}
{"Action":"output","Package":"p/a","Test":"TestBad","Output":"expected 1\n"}
{"Action":"fail","Package":"p/a","Test":"TestBad"}
{"Action":"skip","Package":"p/a","Test":"TestLater"}
{"Action":"output","Package":"p/good","Output":"-test.shuffle 1\n"}
{"Action":"output","Package":"p/good","Output":"ok  \tp/good\t0.1s\n"}
{"Action":"pass","Package":"p/good"}
{"Action":"output","Package":"p/a","Output":"FAIL\n"}
{"Action":"output","Package":"p/a","Output":"FAIL\tp/a\t0.1s\n"}
{"Action":"fail","Package":"p/a"}
{"Action":"run","Package":"p/late","Test":"TestHangs"}
{"Action":"output","Package":"p/late","Test":"TestHangs","Output":"panic: test timed out\n"}
{"Action":"output","Package":"p/late","Output":"FAIL\tp/late\t9s\n"}
{"Action":"fail","Package":"p/late"}
{"Action":"output","Package":"p/both","Test":"TestBad","Output":"expected 2\n"}
{"Action":"fail","Package":"p/both","Test":"TestBad"}
{"Action":"output","Package":"p/both","Test":"TestHangs","Output":"panic: too late\n"}
{"Action":"output","Package":"p/both","Output":"FAIL\tp/both\t9s\n"}
{"Action":"fail","Package":"p/both"}
`

func TestReadCountsAndPrints(t *testing.T) {
	var out strings.Builder
	got, err := read(strings.NewReader(stream), &out)
	if err != nil {
		t.Fatal(err)
	}
	if got != (count{passed: 1, failed: 4, skipped: 1}) {
		t.Errorf("counted %s", got)
	}
	if want := "broken.go:1: no\nexpected 1\nok  \tp/good\t0.1s\nFAIL\tp/a\t0.1s\n" +
		"panic: test timed out\nFAIL\tp/late\t9s\nexpected 2\npanic: too late\nFAIL\tp/both\t9s\n"; out.String() != want {
		t.Errorf("printed %q, not %q", out.String(), want)
	}
	if _, err := read(strings.NewReader("panic: no json"), &out); err == nil {
		t.Error("text was taken for events")
	}
}

func TestCountsAddUp(t *testing.T) {
	file := filepath.Join(t.TempDir(), "counts")
	for range 2 {
		if err := appendCount(file, count{3, 0, 1}); err != nil {
			t.Fatal(err)
		}
	}
	got, err := readCounts(file)
	if err != nil || got != (count{6, 0, 2}) {
		t.Errorf("%s, %v", got, err)
	}
	if none, err := readCounts(file + ".missing"); err != nil || none != (count{}) {
		t.Errorf("%s, %v", none, err)
	}
}
