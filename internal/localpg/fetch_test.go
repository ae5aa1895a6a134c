package localpg

import (
	"strings"
	"testing"
)

// TestFetchedServerRuns is the whole of `millrace dev`'s database once: the
// download is kept between runs.
func TestFetchedServerRuns(t *testing.T) {
	ctx := t.Context()
	bin, err := Fetch(ctx, FetchOptions{Progress: func(line string) { t.Log(line) }})
	if err != nil {
		t.Fatal(err)
	}
	if bin.Major != 18 {
		t.Errorf("fetched %s", bin.Version)
	}
	s, err := Create(ctx, bin, Options{Dir: folder(t), Port: freePort(t)})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Start(ctx); err != nil {
		t.Fatal(err)
	}
	defer s.Stop()
	if got := query(t, s, "SELECT upper('é') || current_setting('server_version')"); !strings.HasPrefix(got, "É18") {
		t.Errorf("got %q", got)
	}
	again, err := Fetch(ctx, FetchOptions{Mirror: "http://127.0.0.1:1", Progress: func(line string) { t.Errorf("fetched again: %s", line) }})
	if err != nil || again != bin {
		t.Errorf("the second time: %v, %v", again, err)
	}
}

func TestAMirrorThatIsNotThereIsNamed(t *testing.T) {
	_, err := Fetch(t.Context(), FetchOptions{CacheDir: t.TempDir(), Mirror: "http://127.0.0.1:1/maven/"})
	if err == nil || !strings.Contains(err.Error(), "127.0.0.1:1") || !strings.Contains(err.Error(), "MILLRACE_DEV_POSTGRES_MIRROR") || strings.Contains(err.Error(), "\n") {
		t.Errorf("got %v", err)
	}
}
