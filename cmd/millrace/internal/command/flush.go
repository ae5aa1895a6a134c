package command

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"
)

func (a *app) flushCommand() *cobra.Command {
	var timeout time.Duration
	cmd := &cobra.Command{
		Use:   "flush [VIEW…]",
		Short: "Wait until all that was produced before is in the views",
		Long: `Wait until everything that was produced before the call is folded into the named
views, or into all of them. Where that takes longer than the timeout, the exit
status is 1 and the error says which view is behind.`,
		Example: "  millrace flush\n  millrace flush by_url --timeout 10s",
		RunE: func(cmd *cobra.Command, names []string) error {
			if timeout <= 0 {
				return fmt.Errorf("--timeout is %v: give a duration such as 30s", timeout)
			}
			e := &engine{app: a}
			defer e.close()
			return e.flush(cmd.Context(), timeout, names...)
		},
	}
	cmd.Flags().DurationVar(&timeout, "timeout", flushTimeout, "how long to wait")
	return cmd
}
