package command

import (
	"os"

	"golang.org/x/term"
)

// isTerminal reports whether a person sits at a reader or writer.
func isTerminal(stream any) bool {
	file, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}
