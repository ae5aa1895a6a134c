//go:build !linux

package localpg

// systemLocale is by code point; C libraries other than Linux's do not all have
// C.UTF-8, so upper and lower know ASCII alone before PostgreSQL 17.
const systemLocale = "C"
