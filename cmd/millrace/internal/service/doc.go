// Package service wires Kafka's side and PostgreSQL's side together: the
// connections that a command needs, and the node that `run` and `dev` run.
package service
