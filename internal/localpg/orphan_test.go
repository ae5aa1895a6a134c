package localpg

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"
)

func TestEndOrphan(t *testing.T) {
	dir := folder(t)
	s, err := Create(t.Context(), binaries(t), Options{Dir: dir, Port: freePort(t)})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer s.Stop()
	if err := EndOrphan(dir); err != nil {
		t.Fatal(err)
	}
	<-s.Done()
	if err := EndOrphan(dir); err != nil {
		t.Errorf("nothing runs there any more: %v", err)
	}
}

// TestEndOrphanSparesStrangers has a pid file that names this very process,
// which has nothing to do with the folder.
func TestEndOrphanSparesStrangers(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "data"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "data", "postmaster.pid"), []byte(strconv.Itoa(os.Getpid())+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := EndOrphan(dir); err != nil {
		t.Error(err)
	}
}
