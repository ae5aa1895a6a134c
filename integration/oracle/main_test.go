package oracle

import (
	"os"
	"testing"

	"github.com/millrace/millrace/integration/harness"
)

func TestMain(m *testing.M) { os.Exit(harness.Main(m)) }
