package localpg

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	embeddedpostgres "github.com/fergusstrange/embedded-postgres"

	"github.com/millrace/millrace/internal/childproc"
)

// FetchOptions says where a downloaded PostgreSQL comes from and goes to.
type FetchOptions struct {
	// CacheDir keeps the archive and the extracted programs between runs; empty
	// is childproc.CacheDir. The server's user must be able to read it.
	CacheDir string
	// Mirror is the base URL of a Maven repository to download from; empty is
	// the public one.
	Mirror string
	// Progress takes a line before a download starts; nil says nothing.
	Progress func(line string)
}

// Fetch returns PostgreSQL 18, downloaded (15 MB) and extracted (60 MB) the
// first time. Processes that fetch at once wait for each other.
func Fetch(ctx context.Context, o FetchOptions) (Binaries, error) {
	cache := o.CacheDir
	if cache == "" {
		var err error
		if cache, err = childproc.CacheDir(); err != nil {
			return Binaries{}, err
		}
	}
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return Binaries{}, fmt.Errorf("create the cache folder: %w", err)
	}
	home := filepath.Join(cache, fmt.Sprintf("postgresql-%s-%s-%s", embeddedpostgres.V18, runtime.GOOS, runtime.GOARCH))
	lock, err := childproc.WaitLock(ctx, home+".lock")
	if err != nil {
		return Binaries{}, err
	}
	defer lock.Unlock()
	if _, err := os.Stat(home); err != nil {
		if err := o.install(ctx, cache, home); err != nil {
			return Binaries{}, fmt.Errorf("fetch PostgreSQL %s: %w", embeddedpostgres.V18, err)
		}
	}
	return inspect(ctx, filepath.Join(home, "bin"))
}

// install puts PostgreSQL at home, whole or not at all.
func (o FetchOptions) install(ctx context.Context, cache, home string) error {
	scratch := home + ".partial"
	if err := os.RemoveAll(scratch); err != nil { // a killed run's
		return err
	}
	if err := os.MkdirAll(scratch, 0o755); err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(scratch) }()
	if o.Progress != nil {
		o.Progress(fmt.Sprintf("fetching PostgreSQL %s into %s (15 MB, once)", embeddedpostgres.V18, cache))
	}
	fetched := make(chan error, 1)
	go func() { fetched <- o.download(cache, scratch) }()
	select {
	case err := <-fetched:
		if err != nil {
			return err
		}
	case <-ctx.Done():
		return context.Cause(ctx) // the library knows no context: its download ends with the process
	}
	return os.Rename(filepath.Join(scratch, "programs"), home)
}

// download has embedded-postgres download, verify and extract below scratch.
//
// The library has no call for that alone, and its Start runs everything as the
// caller, which fails for root. So Start is given a data folder that looks in
// use and holds nothing: it fetches, extracts, and pg_ctl then refuses. What
// counts is that the programs are there; where they are not, Start's error says
// why.
func (o FetchOptions) download(cache, scratch string) error {
	data, programs := filepath.Join(scratch, "data"), filepath.Join(scratch, "programs")
	if err := os.MkdirAll(data, 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(data, "PG_VERSION"), []byte("18\n"), 0o600); err != nil {
		return err
	}
	config := embeddedpostgres.DefaultConfig().Version(embeddedpostgres.V18).Port(0).Logger(io.Discard).
		CachePath(cache).RuntimePath(filepath.Join(scratch, "runtime")).BinariesPath(programs).DataPath(data)
	if o.Mirror != "" {
		config = config.BinaryRepositoryURL(strings.TrimRight(o.Mirror, "/"))
	}
	startErr := embeddedpostgres.NewDatabase(config).Start()
	http.DefaultClient.CloseIdleConnections() // the library downloads by the default client and leaves them open
	if startErr == nil {
		return errors.New("bug: a database without data has started")
	}
	if _, err := os.Stat(filepath.Join(programs, "bin", "postgres")); err != nil {
		return fmt.Errorf("%w (MILLRACE_DEV_POSTGRES_MIRROR can name another repository)", startErr)
	}
	// The library extracts by temporary file and rename, file by file, so an
	// error within leaves holes: only pg_ctl's refusal may be passed over.
	if !strings.HasPrefix(startErr.Error(), "could not start postgres") {
		return fmt.Errorf("extract: %w", startErr)
	}
	return nil
}
