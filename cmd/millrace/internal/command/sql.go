package command

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/millrace/millrace/cmd/millrace/internal/service"
)

func (a *app) sqlCommand() *cobra.Command {
	var text string
	cmd := &cobra.Command{
		Use: "sql", Short: "Carry out SQL",
		RunE: func(cmd *cobra.Command, _ []string) error {
			svc, err := service.Open(cmd.Context(), a.settings, a.log)
			if err != nil {
				return err
			}
			defer svc.Close()
			result, err := svc.DDL().Execute(cmd.Context(), text)
			if err != nil {
				return errors.Join(err)
			}
			for _, n := range result.Notices {
				fmt.Fprintln(a.err, "NOTICE: ", n)
			}
			fmt.Fprintln(a.out, result.Tag)
			return nil
		},
	}
	cmd.Flags().StringVarP(&text, "command", "c", "", "statement")
	return cmd
}
