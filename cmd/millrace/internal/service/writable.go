package service

import (
	"context"
	"errors"
	"fmt"

	"github.com/millrace/millrace/sink"
)

// ErrReadOnly occurs when a node is to fold into a database that takes no writes.
var ErrReadOnly = errors.New("PostgreSQL: the database is read-only, a node cannot fold into it (SQLSTATE 25006); " +
	"point MILLRACE_DATABASE_URL at the primary: this server is a standby or read-only (default_transaction_read_only)")

// Writable reports, before a node starts, that it could not fold: where the
// database takes no writes, or the role may not write Millrace's own tables.
func (s *Service) Writable(ctx context.Context) error {
	var readOnly, allowed bool
	var role string
	err := s.Store.Pool().QueryRow(ctx, `SELECT current_setting('transaction_read_only')::boolean, current_user,
		has_table_privilege('millrace.partitions', 'SELECT') AND has_table_privilege('millrace.partitions', 'INSERT')
		AND has_table_privilege('millrace.partitions', 'UPDATE') AND has_table_privilege('millrace.ledger', 'SELECT')
		AND has_table_privilege('millrace.ledger', 'INSERT') AND has_table_privilege('millrace.ledger', 'UPDATE')
		AND has_table_privilege('millrace.ledger', 'DELETE') AND has_table_privilege('millrace.views', 'INSERT')
		AND has_table_privilege('millrace.nodes', 'SELECT') AND has_table_privilege('millrace.nodes', 'INSERT')
		AND has_table_privilege('millrace.nodes', 'UPDATE') AND has_table_privilege('millrace.nodes', 'DELETE')`).
		Scan(&readOnly, &role, &allowed)
	switch {
	case err != nil:
		return sink.Explain(err)
	case readOnly:
		return ErrReadOnly
	case !allowed:
		return fmt.Errorf("PostgreSQL: the role %q may not write the tables of the schema millrace (SQLSTATE 42501); "+
			"GRANT it all privileges on them, or name the role that installed them in MILLRACE_DATABASE_URL", role)
	}
	return nil
}
