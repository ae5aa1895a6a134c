// Package integration holds the whole-system tests: built binaries against a
// real Kafka and a real PostgreSQL, as harness provides them.
package integration

import (
	"os"
	"testing"

	"github.com/millrace/millrace/integration/harness"
)

func TestMain(m *testing.M) { os.Exit(harness.Main(m)) }
