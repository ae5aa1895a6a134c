package command

import (
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/millrace/millrace/integration/harness"
)

func TestMain(m *testing.M) {
	status := harness.Main(m)
	if err := goleak.Find(); status == 0 && err != nil {
		println(err.Error())
		status = 1
	}
	os.Exit(status)
}
