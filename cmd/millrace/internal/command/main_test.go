package command

import (
	"os"
	"testing"

	"github.com/spf13/cobra"
	"go.uber.org/goleak"

	"github.com/millrace/millrace/integration/harness"
)

func TestMain(m *testing.M) {
	cobra.EnableCommandSorting = false // as Main does
	status := harness.Main(m)
	if err := goleak.Find(); status == 0 && err != nil {
		println(err.Error())
		status = 1
	}
	os.Exit(status)
}
