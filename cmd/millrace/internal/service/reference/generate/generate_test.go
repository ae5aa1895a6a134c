package main

import (
	"bytes"
	"os"
	"testing"

	"github.com/millrace/millrace/cmd/millrace/internal/service"
)

// TestCurrent fails where a setting or its comment changed and nobody ran go
// generate.
func TestCurrent(t *testing.T) {
	root, err := moduleRoot()
	if err != nil {
		t.Fatal(err)
	}
	files, err := outputs(root)
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range files {
		got, err := os.ReadFile(path)
		if err != nil {
			t.Error(err)
		} else if !bytes.Equal(got, want) {
			t.Errorf("%s is not current: run go generate ./cmd/millrace/internal/service/reference", path)
		}
	}
}

func TestEverySettingIsDescribed(t *testing.T) {
	root, err := moduleRoot()
	if err != nil {
		t.Fatal(err)
	}
	texts, err := comments(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range service.Variables() {
		if texts[v.Env] == "" {
			t.Errorf("%s (%s.%s) is not described", v.Env, v.Owner, v.Field)
		}
	}
	if len(texts) != len(service.Variables()) {
		t.Errorf("%d comments for %d settings", len(texts), len(service.Variables()))
	}
}

func TestBetweenMarks(t *testing.T) {
	got, ok := between([]byte("a\n"+begin+"\nold\n"+end+"\nb\n"), "new\n")
	if want := "a\n" + begin + "\nnew\n" + end + "\nb\n"; !ok || string(got) != want {
		t.Errorf("got %q, %v", got, ok)
	}
	if _, ok := between([]byte("no marks"), "x"); ok {
		t.Error("found marks where there are none")
	}
}
