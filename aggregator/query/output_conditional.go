package query

import "strings"

// conditional writes the expressions with a syntax of their own.
func (d *deparser) conditional(n *node) (string, error) {
	switch n.tag {
	case "CASEEXPR":
		return d.caseWhen(n)
	case "CASETESTEXPR":
		return "", broken("a CASE without its argument")
	case "COALESCEEXPR":
		return d.list("COALESCE", n.nodes("args"))
	case "MINMAXEXPR":
		if n.text("op") == "1" {
			return d.list("LEAST", n.nodes("args"))
		}
		return d.list("GREATEST", n.nodes("args"))
	case "NULLIFEXPR":
		return d.list("NULLIF", n.nodes("args"))
	case "DISTINCTEXPR":
		args, err := d.all(n.nodes("args"))
		return "(" + strings.Join(args, " IS DISTINCT FROM ") + ")", err
	case "NULLTEST":
		return d.test(n, n.int("nulltesttype"), "NULL", "NOT NULL")
	case "BOOLEANTEST":
		return d.test(n, n.int("booltesttype"), "TRUE", "NOT TRUE", "FALSE", "NOT FALSE", "UNKNOWN", "NOT UNKNOWN")
	case "SCALARARRAYOPEXPR":
		return d.scalarArray(n)
	case "ARRAYEXPR":
		elements, err := d.all(n.nodes("elements"))
		return "ARRAY[" + strings.Join(elements, ", ") + "]::" + d.typeName(n.oid("array_typeid")), err
	}
	return d.compound(n)
}

func (d *deparser) list(name string, nodes []node) (string, error) {
	args, err := d.all(nodes)
	return name + "(" + strings.Join(args, ", ") + ")", err
}

func (d *deparser) test(n *node, which int, tests ...string) (string, error) {
	arg, err := d.sql(n.child("arg"))
	if err != nil {
		return "", err
	}
	if which < 0 || which >= len(tests) {
		return "", broken("a test " + itoa(which))
	}
	return "(" + arg + " IS " + tests[which] + ")", nil
}

// caseWhen writes both forms of CASE with their conditions written out.
func (d *deparser) caseWhen(n *node) (string, error) {
	var text strings.Builder
	text.WriteString("CASE")
	for _, when := range n.nodes("args") {
		condition := when.child("expr")
		if arg := n.child("arg"); arg != nil && condition != nil {
			condition = withPlaceholder(condition, arg)
		}
		cond, err := d.sql(condition)
		if err != nil {
			return "", err
		}
		then, err := d.sql(when.child("result"))
		if err != nil {
			return "", err
		}
		text.WriteString(" WHEN " + cond + " THEN " + then)
	}
	other, err := d.sql(n.child("defresult"))
	return text.String() + " ELSE " + other + " END", err
}

// scalarArray writes x op ANY (array) and x op ALL (array).
func (d *deparser) scalarArray(n *node) (string, error) {
	op, err := d.operatorName(n)
	if err != nil {
		return "", err
	}
	args, err := d.all(n.nodes("args"))
	if err != nil {
		return "", err
	}
	if len(args) != 2 {
		return "", broken("an array comparison without two arguments")
	}
	word := " ALL "
	if n.flag("useOr") {
		word = " ANY "
	}
	return "(" + args[0] + " " + op + word + "(" + args[1] + "))", nil
}
