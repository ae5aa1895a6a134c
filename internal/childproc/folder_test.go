package childproc

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// TestSweepSparesTheLiving has a folder of a living run beside two without a
// held lock, and a stranger.
func TestSweepSparesTheLiving(t *testing.T) {
	parent := t.TempDir()
	living, err := MakeFolder(parent, "run-")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"run-dead", "run-dead2", "other"} {
		if err := os.MkdirAll(filepath.Join(parent, name, "data"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	var ended []string
	end := func(path string) error {
		ended = append(ended, filepath.Base(path))
		return nil
	}
	if err := SweepFolders(parent, "run-", end); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(ended, []string{"run-dead", "run-dead2"}) {
		t.Errorf("ended %v", ended)
	}
	if _, err := os.Stat(living.Path); err != nil {
		t.Errorf("a living run's folder is gone: %v", err)
	}
	if err := living.Remove(); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(parent); err != nil || len(left) != 1 || left[0].Name() != "other" {
		t.Errorf("left: %v, %v", left, err)
	}
}
