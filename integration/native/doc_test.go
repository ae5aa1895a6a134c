// Package native holds the native evaluator to PostgreSQL: every function,
// operator and cast of aggregator/expr, over random and extreme arguments, gives
// PostgreSQL's value or its SQLSTATE. It needs a PostgreSQL alone, named by
// MILLRACE_TEST_DATABASE_URL, which `make test` sets.
package native
