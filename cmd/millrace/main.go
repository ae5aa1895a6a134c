// Millrace keeps continuous SQL aggregate views over Kafka topics, folded
// exactly once into ordinary PostgreSQL tables. This is its one binary; see
// `millrace --help`.
package main

import (
	"os"
	_ "time/tzdata" // time zones mean the same on every machine

	"github.com/millrace/millrace/cmd/millrace/internal/command"
)

func main() { os.Exit(command.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }
