package embedded

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"

	"github.com/millrace/millrace/internal/childproc"
	"github.com/millrace/millrace/internal/localpg"
)

// The settings that concern the database.
const (
	DatabasePortSetting   = "MILLRACE_DEV_POSTGRES_PORT"
	DatabaseMirrorSetting = "MILLRACE_DEV_POSTGRES_MIRROR"
)

// DatabaseOptions of the embedded database.
type DatabaseOptions struct {
	// Port on 127.0.0.1.
	Port int
	// CacheDir keeps the downloaded PostgreSQL between starts; empty is
	// millrace/ in the user's cache folder (for root /var/cache/millrace).
	CacheDir string
	// DataDir is where the database's folder is made, to be removed again;
	// empty is the system's folder for temporary files.
	DataDir string
	// Mirror is the base URL of a Maven repository to download from; empty is
	// the public one.
	Mirror string
	// Logger is told of a download; nil discards it.
	Logger *slog.Logger
}

// folderPrefix begins the name of every database folder, so that the next start
// finds those of killed runs.
const folderPrefix = "millrace-dev-"

// Database is a PostgreSQL 18 of our own, empty at every start. Where root runs
// it, it runs as another user.
type Database struct {
	server *localpg.Server
	folder *childproc.Folder
}

// StartDatabase fetches PostgreSQL where it is not cached, starts it on an empty
// folder, and returns when it takes connections. The caller ends it with Close.
// It first removes what killed runs have left.
func StartDatabase(ctx context.Context, o DatabaseOptions) (*Database, error) {
	if err := checkPort("database", o.Port, DatabasePortSetting); err != nil {
		return nil, err
	}
	if o.DataDir == "" {
		o.DataDir = os.TempDir()
	}
	logger := o.Logger
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	if err := childproc.SweepFolders(o.DataDir, folderPrefix, localpg.EndOrphan); err != nil {
		logger.Warn("cannot remove a killed run's database", "error", err)
	}
	binaries, err := localpg.Fetch(ctx, localpg.FetchOptions{
		CacheDir: o.CacheDir, Mirror: o.Mirror, Progress: func(line string) { logger.Info(line) },
	})
	if err != nil {
		return nil, err
	}
	folder, err := childproc.MakeFolder(o.DataDir, folderPrefix)
	if err != nil {
		return nil, fmt.Errorf("embedded database: %w", err)
	}
	d := &Database{folder: folder}
	if err := d.start(ctx, binaries, o.Port); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

func (d *Database) start(ctx context.Context, binaries localpg.Binaries, port int) error {
	var err error
	if d.server, err = localpg.Create(ctx, binaries, localpg.Options{Dir: d.folder.Path, Port: port}); err != nil {
		return fmt.Errorf("embedded database: %w", err)
	}
	if err := d.server.Start(ctx); err != nil {
		return fmt.Errorf("embedded database: %w", err)
	}
	return nil
}

// DSN is the superuser's connection string.
func (d *Database) DSN() string { return d.server.DSN("postgres") }

// Version is the server's version, such as "18.3".
func (d *Database) Version() string { return d.server.Binaries().Version }

// Done is closed when the server has ended, by Close or by itself.
func (d *Database) Done() <-chan struct{} { return d.server.Done() }

// Close ends the server, cutting its connections, and removes all of its data.
func (d *Database) Close() error {
	if d.server != nil {
		d.server.Stop()
	}
	return d.folder.Remove()
}
