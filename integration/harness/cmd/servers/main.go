// Command servers starts the servers that integration tests need, runs a
// command with the settings that name them, and stops them:
//
//	go run ./integration/harness/cmd/servers -- go test ./...
//
// So all packages of one `go test` share one broker and one database server.
// Its exit status is the command's.
//
// With -jars it starts nothing and prints the folder of Apache Kafka's jars,
// fetched where it must be: an image of the broker is made of them.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"github.com/millrace/millrace/integration/harness"
)

func main() { os.Exit(run(os.Args[1:])) }

// run is main with the exit status as its result, so that what is deferred runs.
func run(args []string) int {
	if len(args) > 0 && args[0] == "--" {
		args = args[1:]
	}
	if len(args) == 0 {
		fmt.Fprintln(os.Stderr, "usage: servers -- command [argument …], or servers -jars")
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if args[0] == "-jars" {
		return printJars(ctx)
	}
	env, err := harness.Start(ctx)
	if err != nil {
		fmt.Fprintln(os.Stderr, "servers:", err)
		return 1
	}
	defer env.Close()
	return command(ctx, env.Environ(), args)
}

func printJars(ctx context.Context) int {
	folder, err := harness.KafkaJars(ctx)
	if err != nil {
		fmt.Fprintln(os.Stderr, "servers:", err)
		return 1
	}
	fmt.Println(folder)
	return 0
}

// command runs args to its end; a signal to us is passed on to it.
func command(ctx context.Context, settings, args []string) int {
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Env = append(os.Environ(), settings...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit) && exit.ExitCode() > 0:
		return exit.ExitCode()
	default:
		fmt.Fprintln(os.Stderr, "servers:", err)
		return 1
	}
}
