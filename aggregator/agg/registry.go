package agg

import "github.com/millrace/millrace/aggregator/datum"

// Lookup returns the function of a kind ("count", "sum", "min", "max") over an
// argument of type arg; datum.Invalid is count(*)'s. ok is false where
// PostgreSQL has none.
func Lookup(kind string, arg datum.Type) (f *Function, ok bool) { panic("unfinished") }

// ByName returns the function that plans and partials call by name.
func ByName(name string) (f *Function, ok bool) { panic("unfinished") }

// All returns every function.
func All() []*Function { panic("unfinished") }
