package schema

// FirstVersion returns the statements that set up version 1.
func FirstVersion() string {
	return base + ";" + migrations[0] + "; UPDATE millrace.version SET version = 1"
}
