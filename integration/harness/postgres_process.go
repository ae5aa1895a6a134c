package harness

import (
	"context"
	"errors"
	"fmt"

	"github.com/millrace/millrace/internal/childproc"
	"github.com/millrace/millrace/internal/localpg"
)

// postgresProcess is a database server that runs as a child process.
type postgresProcess struct {
	*localpg.Server
	origin string // where its binaries come from
	folder *childproc.Folder
}

func newPostgresProcess(ctx context.Context, version, portNumber int) (server, error) {
	binaries, origin, err := postgresBinaries(ctx, version)
	if err != nil {
		return nil, err
	}
	folder, err := makeFolder("millrace-postgres-")
	if err != nil {
		return nil, err
	}
	server, err := localpg.Create(ctx, binaries, localpg.Options{Dir: folder.Path, Port: portNumber})
	if err != nil {
		return nil, errors.Join(err, folder.Remove())
	}
	return &postgresProcess{Server: server, origin: origin, folder: folder}, nil
}

func (p *postgresProcess) start(ctx context.Context) error { return p.Start(ctx) }

func (p *postgresProcess) stop(context.Context) error {
	p.Stop()
	return nil
}

func (p *postgresProcess) kill(context.Context) error {
	p.StopImmediate()
	return nil
}

func (p *postgresProcess) remove(context.Context) error { return p.folder.Remove() }

func (p *postgresProcess) describe() string {
	return fmt.Sprintf("local process, PostgreSQL %s %s, pid %d", p.Binaries().Version, p.origin, p.Pid())
}
