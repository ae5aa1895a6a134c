// Package reference says what each setting is for, in the words of the struct
// field that holds it. Its text, docs/settings.md and the table in README.md
// are generated from those fields' comments, and a test sees to it that they
// are current.
package reference

//go:generate go run ./generate
