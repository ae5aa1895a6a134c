package expr

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/millrace/millrace/aggregator/datum"
)

// function is the registration of a native function.
type function struct {
	oid    uint32 // in pg_proc
	name   string // pg_proc.proname
	args   []datum.Type
	result datum.Type
	kernel kernel
	// bind, where kernel is nil, makes the kernel from the call's literals and
	// refuses what it cannot do with them (ok is false).
	bind func(n *Call) (k kernel, ok bool)

	// variadic: the last of args may stand any number of times, none included.
	variadic bool
	// lax: the kernel is called for NULLs too, with the result valid so far.
	lax bool

	comparesInts bool // kernel is compareInts' of op
	op           compareOp
}

// functions is every native function by OID: what the subjects' tables hold.
var functions = index(
	comparisons(), integerFunctions(), floatFunctions(), numericFunctions(), mathFunctions(),
	castFunctions(), timeFunctions(), textFunctions(), byteaFunctions(), bpcharFunctions(),
	jsonFunctions(), arrayFunctions(), networkFunctions(),
)

func index(tables ...[]function) map[uint32]*function {
	all := map[uint32]*function{}
	for _, t := range tables {
		for i := range t {
			f := &t[i]
			if other, ok := all[f.oid]; ok {
				panic(fmt.Sprintf("bug: %s and %s are both registered as %d", other.name, f.name, f.oid))
			}
			all[f.oid] = f
		}
	}
	return all
}

// takes names argument types in a table.
func takes(types ...datum.Type) []datum.Type { return types }

// FunctionInfo describes one native function.
type FunctionInfo struct {
	OID      uint32       // in pg_proc
	Name     string       // pg_proc.proname
	Args     []datum.Type // Invalid stands for any native type
	Result   datum.Type   // Invalid: it hangs on the arguments
	Variadic bool         // the last of Args may stand any number of times
}

// Supported reports whether the function of a pg_proc OID is native. A few are
// only for some literals (time zone names); Compile has the last word.
func Supported(proc uint32) bool {
	_, ok := functions[proc]
	return ok
}

// Strict reports whether a native function is NULL wherever an argument is.
func Strict(proc uint32) bool {
	f, ok := functions[proc]
	return ok && !f.lax
}

// Functions returns every native function, by OID.
func Functions() []FunctionInfo {
	all := make([]FunctionInfo, 0, len(functions))
	for _, f := range functions {
		all = append(all, FunctionInfo{f.oid, f.name, slices.Clone(f.args), f.result, f.variadic})
	}
	slices.SortFunc(all, func(a, b FunctionInfo) int { return cmp.Compare(a.OID, b.OID) })
	return all
}
