// Package session carries out scripts of SQL: Millrace's own statements by its
// DDL, all others by PostgreSQL over one connection, exactly as they are, so
// that transactions, settings and temporary tables work. Everything is printed
// as psql prints it.
package session
