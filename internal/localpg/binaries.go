package localpg

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"

	"github.com/millrace/millrace/internal/childproc"
)

// Binaries is an installation of PostgreSQL.
type Binaries struct {
	// Dir holds initdb and postgres.
	Dir string
	// Version is as the server says it, such as "15.12".
	Version string
	// Major is the version's first number.
	Major int
}

// ErrNoHost says that the host has no PostgreSQL server of the version asked for.
var ErrNoHost = errors.New("no PostgreSQL server installed")

// hostFolders is where packagers put PostgreSQL's programs: Debian, Red Hat,
// Homebrew on both kinds of Mac.
var hostFolders = [...]string{
	"/usr/lib/postgresql/*/bin",
	"/usr/pgsql-*/bin",
	"/opt/homebrew/opt/postgresql@*/bin",
	"/usr/local/opt/postgresql@*/bin",
}

// Host returns the host's PostgreSQL of the given major version, or its newest
// where major is 0. The error is ErrNoHost where there is none.
func Host(ctx context.Context, major int) (Binaries, error) {
	var newest Binaries
	for _, pattern := range hostFolders {
		dirs, err := filepath.Glob(pattern)
		if err != nil {
			return Binaries{}, fmt.Errorf("look for PostgreSQL in %s: %w", pattern, err)
		}
		for _, dir := range dirs {
			found, err := inspect(ctx, dir)
			if err != nil || major != 0 && found.Major != major {
				continue // a client-only installation, or another version
			}
			if found.Major > newest.Major {
				newest = found
			}
		}
	}
	if newest.Dir == "" {
		return Binaries{}, ErrNoHost
	}
	return newest, nil
}

var serverVersion = regexp.MustCompile(`\(PostgreSQL\) (\d+)(\S*)`)

// inspect asks the server in dir for its version.
func inspect(ctx context.Context, dir string) (Binaries, error) {
	if _, err := os.Stat(filepath.Join(dir, "initdb")); err != nil {
		return Binaries{}, fmt.Errorf("inspect PostgreSQL: %w", err)
	}
	var out bytes.Buffer
	if err := childproc.Run(ctx, childproc.Spec{Path: filepath.Join(dir, "postgres"), Args: []string{"--version"}, Output: &out}); err != nil {
		return Binaries{}, fmt.Errorf("inspect PostgreSQL: %w", err)
	}
	match := serverVersion.FindStringSubmatch(out.String())
	if match == nil {
		return Binaries{}, fmt.Errorf("inspect PostgreSQL in %s: cannot read the version in %q", dir, out.String())
	}
	major, err := strconv.Atoi(match[1])
	if err != nil {
		return Binaries{}, fmt.Errorf("inspect PostgreSQL in %s: %w", dir, err)
	}
	return Binaries{Dir: dir, Version: match[1] + match[2], Major: major}, nil
}
