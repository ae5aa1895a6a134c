package query

import (
	"errors"
	"strings"

	"github.com/millrace/millrace/aggregator/datum"
)

// refuse is 0A000 at an expression's place in the text.
func (e *nativeBuilder) refuse(n *node, hint, format string, args ...any) *datum.Error {
	return e.places.fail(e.locate(n, e.place), datum.CodeFeatureNotSupported, hint, format, args...)
}

// locate finds the token that an expression starts with, or one inside it, as
// well as the text alone can tell.
func (b *builder) locate(n *node, place span) int {
	found := place.from
	done := false
	walk(value{kind: kindNode, node: n}, func(n *node) bool {
		if !done {
			if at, ok := b.places.find(place, b.spellings(n)...); ok {
				found, done = at, true
			}
		}
		return !done
	})
	return found
}

// spellings are the tokens that a node can be written with.
func (b *builder) spellings(n *node) []string {
	switch n.tag {
	case "FUNCEXPR":
		if format := n.text("funcformat"); format == "1" {
			return []string{"::", "cast"}
		} else if format == "2" {
			return nil
		}
		return functionSpellings(b.analysis.Procs[n.oid("funcid")].Name)
	case "AGGREF":
		return []string{b.analysis.Procs[n.oid("aggfnoid")].Name}
	case "OPEXPR", "SCALARARRAYOPEXPR", "DISTINCTEXPR", "NULLIFEXPR":
		return operatorSpellings(n.tag, b.analysis.Operators[n.oid("opno")].Name)
	case "COERCEVIAIO", "RELABELTYPE":
		if n.text("coerceformat") == "1" || n.text("relabelformat") == "1" {
			return []string{"::", "cast"}
		}
	case "VAR":
		if at := n.int("varattno"); n.text("varno") == b.stream && at > 0 && at <= len(b.analysis.Columns) {
			return []string{b.analysis.Columns[at-1]}
		}
		return []string{b.analysis.Stream, "ctid", "xmin", "xmax", "cmin", "cmax", "tableoid"}
	case "COLLATEEXPR":
		return []string{"collate"}
	case "CASEEXPR":
		return []string{"case"}
	case "COALESCEEXPR":
		return []string{"coalesce"}
	case "MINMAXEXPR":
		return []string{"greatest", "least"}
	case "SQLVALUEFUNCTION":
		return []string{
			"current_date", "current_timestamp", "current_time", "localtime", "localtimestamp",
			"current_user", "session_user", "user", "current_role", "current_catalog", "current_schema",
		}
	case "ARRAYEXPR":
		return []string{"array"}
	case "SUBSCRIPTINGREF":
		return []string{"["}
	case "ROWEXPR":
		return []string{"row", "("}
	}
	return nil
}

// functionSpellings are the words of SQL's own syntax for some functions.
func functionSpellings(name string) []string {
	switch name {
	case "timezone":
		return []string{name, "at"}
	case "date_part", "extract":
		return []string{"extract", "date_part"}
	case "btrim", "ltrim", "rtrim":
		return []string{name, "trim"}
	case "normalize", "is_normalized":
		return []string{name, "is"}
	}
	return []string{name}
}

func operatorSpellings(tag, name string) []string {
	switch {
	case tag == "DISTINCTEXPR":
		return []string{"distinct"}
	case tag == "NULLIFEXPR":
		return []string{"nullif"}
	case name == "~~", name == "!~~":
		return []string{name, "like"}
	case name == "~~*", name == "!~~*":
		return []string{name, "ilike"}
	case tag == "SCALARARRAYOPEXPR":
		return []string{"in", "any", "all", "some"}
	case name == "~", name == "!~":
		return []string{name, "similar"}
	case name == "<>":
		return []string{"<>", "!="}
	}
	return []string{name}
}

// notNative is the refusal of a function that the native evaluator lacks.
func (e *nativeBuilder) notNative(n *node, info Proc) *datum.Error {
	name := info.Name + "(" + strings.Join(info.Args, ", ") + ")"
	switch {
	case n.tag != "FUNCEXPR":
		op := e.analysis.Operators[n.oid("opno")].Name
		if len(info.Args) == 2 {
			return e.refuse(n, "", "operator %s is not supported in WHERE, GROUP BY, FILTER and arguments of aggregates of a continuous view",
				info.Args[0]+" "+op+" "+info.Args[1])
		}
		return e.refuse(n, "", "operator %s is not supported in WHERE, GROUP BY, FILTER and arguments of aggregates of a continuous view", op)
	case info.Volatile == "v", info.Volatile == "s" && len(info.Args) == 0:
		return e.refuse(n, rowsAlone,
			"function %s is not supported in a continuous view: its value is not the same each time", name)
	case n.text("funcformat") == "1" || n.text("funcformat") == "2":
		if _, ok := datum.TypeOf(n.oid("funcresulttype")); !ok {
			return e.refuse(n, supportedTypes(), "type %s is not supported in a continuous view", e.typeName(n.oid("funcresulttype")))
		}
		from := "this type"
		if len(info.Args) > 0 {
			from = info.Args[0]
		}
		return e.refuse(n, "", "a cast from %s to %s with this modifier is not supported in a continuous view", from, e.typeName(n.oid("funcresulttype")))
	}
	return e.refuse(n, "", "function %s is not supported in WHERE, GROUP BY, FILTER and arguments of aggregates of a continuous view", name)
}

const rowsAlone = "Use a column of the stream: what a view shows must depend on its rows alone."

// construct is what a person calls a node that is refused.
func construct(n *node) string {
	switch n.tag {
	case "AGGREF":
		return "an aggregate"
	case "SQLVALUEFUNCTION":
		return "the current time or user"
	case "SUBSCRIPTINGREF":
		return "a subscript"
	case "ARRAYEXPR", "ARRAYCOERCEEXPR":
		return "an array"
	case "ROWEXPR", "ROWCOMPAREEXPR":
		return "a row"
	case "PARAM":
		return "a parameter"
	case "XMLEXPR":
		return "an XML function"
	case "SUBLINK":
		return "a sub-SELECT"
	case "GROUPINGFUNC":
		return "GROUPING"
	case "FIELDSELECT":
		return "a field of a row"
	}
	return "this expression (" + strings.ToLower(n.tag) + ")"
}

// typeName is a type as PostgreSQL prints it.
func (b *builder) typeName(oid uint32) string {
	if name, ok := b.analysis.Types[oid]; ok {
		return name
	}
	return "with OID " + itoa(int(oid))
}

func supportedTypes() string {
	text := "Supported types: "
	for _, t := range datum.Types() {
		text += t.String() + ", "
	}
	return text + "character varying."
}

// messageOf is an error's text without its SQLSTATE.
func messageOf(err error) string {
	var pure *datum.Error
	if errors.As(err, &pure) {
		return pure.Message
	}
	return err.Error()
}
