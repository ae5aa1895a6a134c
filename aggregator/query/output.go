package query

import (
	"strings"

	"github.com/millrace/millrace/aggregator/datum"
)

// outputs writes the columns of v and HAVING as SQL over the columns of v_mrel.
func (b *builder) outputs() error {
	at := 0
	for i := range b.targets {
		target := &b.targets[i]
		if target.flag("resjunk") {
			continue
		}
		if at >= len(b.analysis.Outputs) {
			return broken("more targets than columns")
		}
		column := b.analysis.Outputs[at]
		at++
		sql, err := b.output(target, column)
		if err != nil {
			return err
		}
		b.plan.Output = append(b.plan.Output, Output{Name: column.Name, Type: column.Type, SQL: sql})
	}
	if at != len(b.analysis.Outputs) {
		return broken("more columns than targets")
	}
	having := b.query.child("havingQual")
	if having == nil {
		return nil
	}
	var err error
	b.plan.Having, err = (&deparser{&nativeBuilder{b, b.places.having}}).sql(having)
	return err
}

// output writes a column of v. A modifier of its type, which the column of v_mrel
// lacks, is put back.
func (b *builder) output(target *node, column OutputColumn) (string, error) {
	n := target.child("expr")
	if n == nil {
		return "", broken("an output is missing")
	}
	sql, key, err := b.keySQL(target)
	if key && column.Typmod >= 0 {
		return quoteIdent(b.plan.Keys[b.keyOfOutput(target)].Column) + "::" + column.Type, nil
	}
	if !key {
		sql, err = (&deparser{&nativeBuilder{b, b.itemOf(target)}}).sql(n)
	}
	if err == nil && column.Typmod >= 0 {
		sql += "::" + column.Type
	}
	return sql, err
}

// keyOfOutput returns the number of the key that a target is, -1 for none.
func (b *builder) keyOfOutput(target *node) int {
	if at, ok := b.keyOfTarget[target.text("resno")]; ok {
		return at
	}
	return b.keyOf(target.child("expr"))
}

// keySQL writes a target that is a key as it stands.
func (b *builder) keySQL(target *node) (sql string, ok bool, err error) {
	at := b.keyOfOutput(target)
	if at < 0 {
		return "", false, nil
	}
	return b.keyColumn(at, target.child("expr")), true, nil
}

// keyColumn is the column of a key that an expression is.
func (b *builder) keyColumn(at int, n *node) string {
	column := quoteIdent(b.plan.Keys[at].Column)
	of := exprType(n)
	if of == varcharOID {
		return column + "::character varying" // its column is a text
	}
	if b.analysis.Kinds[of].Kind == "d" {
		return column + "::" + b.typeName(of) // its column is of the domain's base type
	}
	return column
}

// deparser writes an analysed expression over keys and aggregates as SQL over
// the columns of v_mrel. PostgreSQL evaluates it when the view is read, so any
// function, operator and type of the database may stand there. Names are qualified
// and operators are in parentheses: what is written means what was analysed,
// whatever the search_path is.
type deparser struct{ *nativeBuilder }

func (d *deparser) sql(n *node) (string, error) {
	if n == nil {
		return "", broken("an expression is missing")
	}
	if key := d.keyOf(n); key >= 0 {
		return d.keyColumn(key, n), nil
	}
	switch n.tag {
	case "GROUPINGFUNC":
		return d.grouping(n)
	case "AGGREF":
		c, err := d.aggregate(n, d.place)
		if err != nil {
			return "", err
		}
		return c.sql(&d.plan), nil
	case "VAR":
		return "", d.refuse(n, "Group by it too, or use an aggregate.", "a column outside GROUP BY cannot be shown")
	case "CONST":
		return d.literal(n)
	case "FUNCEXPR":
		return d.function(n)
	case "OPEXPR":
		return d.operator(n)
	case "BOOLEXPR":
		return d.boolean(n)
	case "RELABELTYPE", "COERCEVIAIO":
		return d.cast(n, n.oid("resulttype"))
	case "COLLATEEXPR":
		arg, err := d.sql(n.child("arg"))
		return "(" + arg + " COLLATE " + quoteIdent(d.analysis.Collations[n.oid("collOid")]) + ")", err
	}
	return d.conditional(n)
}

const varcharOID = 1043

// resultType is the type of a node that can be a GROUP BY expression.
func resultType(n *node) uint32 {
	for _, name := range []string{
		"vartype", "consttype", "funcresulttype", "opresulttype", "resulttype", "casetype",
		"coalescetype", "minmaxtype",
	} {
		if oid := n.oid(name); oid != 0 {
			return oid
		}
	}
	return 0
}

func (d *deparser) all(nodes []node) ([]string, error) {
	texts := make([]string, len(nodes))
	for i := range nodes {
		var err error
		if texts[i], err = d.sql(&nodes[i]); err != nil {
			return nil, err
		}
	}
	return texts, nil
}

func (d *deparser) function(n *node) (string, error) {
	proc, ok := d.analysis.Procs[n.oid("funcid")]
	if !ok {
		return "", broken("a function without a name")
	}
	if n.flag("funcretset") {
		return "", d.refuse(n, "Use it in a SELECT over the view, or group by it.", "set-returning function %s is not supported here in a continuous view", proc.Name)
	}
	arguments := n.nodes("args")
	if format := n.text("funcformat"); len(arguments) == 1 && (format == "1" || format == "2") {
		return d.cast(n, n.oid("funcresulttype"))
	}
	args, err := d.all(arguments)
	if err != nil {
		return "", err
	}
	if n.flag("funcvariadic") && len(args) > 0 {
		args[len(args)-1] = "VARIADIC " + args[len(args)-1]
	}
	schema := proc.Schema
	if schema != "pg_catalog" {
		schema = quoteIdent(schema)
	}
	return schema + "." + quoteIdent(proc.Name) + "(" + strings.Join(args, ", ") + ")", nil
}

// cast writes a cast of the node's only argument.
func (d *deparser) cast(n *node, to uint32) (string, error) {
	arg := n.child("arg")
	if args := n.nodes("args"); len(args) > 0 {
		arg = &args[0]
	}
	text, err := d.sql(arg)
	if err != nil {
		return "", err
	}
	name, err := d.castName(to)
	return "(" + text + ")::" + name, err
}

// castName is a type as a cast without a modifier has it: character and bit alone
// would mean a length of 1.
func (d *deparser) castName(to uint32) (string, error) {
	name, ok := d.analysis.Types[to]
	switch {
	case !ok:
		return "", broken("a type without a name")
	case name == "character":
		return "pg_catalog.bpchar", nil
	case name == "character[]":
		return "pg_catalog.bpchar[]", nil
	case name == "bit":
		return `pg_catalog."bit"`, nil
	case name == "bit[]":
		return `pg_catalog."bit"[]`, nil
	}
	return name, nil
}

func (d *deparser) operator(n *node) (string, error) {
	op, err := d.operatorName(n)
	if err != nil {
		return "", err
	}
	args, err := d.all(n.nodes("args"))
	switch {
	case err != nil:
		return "", err
	case len(args) == 1:
		return "(" + op + " " + args[0] + ")", nil
	case len(args) != 2:
		return "", broken("an operator without arguments")
	}
	return "(" + args[0] + " " + op + " " + args[1] + ")", nil
}

// operatorName is an operator as an expression has it, with its schema where that
// is not PostgreSQL's own.
func (d *deparser) operatorName(n *node) (string, error) {
	op, ok := d.analysis.Operators[n.oid("opno")]
	switch {
	case !ok:
		return "", broken("an operator without a name")
	case op.Schema != "pg_catalog":
		return "OPERATOR(" + quoteIdent(op.Schema) + "." + op.Name + ")", nil
	}
	return op.Name, nil
}

func (d *deparser) boolean(n *node) (string, error) {
	args, err := d.all(n.nodes("args"))
	if err != nil {
		return "", err
	}
	if n.text("boolop") == "not" {
		return "(NOT " + strings.Join(args, "") + ")", nil
	}
	return "(" + strings.Join(args, " "+strings.ToUpper(n.text("boolop"))+" ") + ")", nil
}

// quoteIdent writes an identifier that means just these letters.
func quoteIdent(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// literal writes a constant with its type.
func (d *deparser) literal(n *node) (string, error) {
	if n.flag("constisnull") {
		if n.oid("consttype") == unknownOID {
			return "NULL", nil
		}
		cast, err := d.castName(n.oid("consttype"))
		return "NULL::" + cast, err
	}
	name := d.typeName(n.oid("consttype"))
	v, err := constant(n)
	if err != nil || !spelled(v.Type) {
		return d.fragment(n)
	}
	text := ConstantText(v)
	switch {
	case v.Type == datum.Bool, v.Type == datum.Int4 && v.Ints[0] >= 0:
		return text, nil
	case n.oid("consttype") == unknownOID:
		return quoteLiteral(text), nil
	}
	return quoteLiteral(text) + "::" + name, nil
}

// quoteLiteral writes a string that means the same whatever
// standard_conforming_strings is.
func quoteLiteral(text string) string {
	quoted := "'" + strings.ReplaceAll(text, "'", "''") + "'"
	if strings.Contains(text, `\`) {
		return "E" + strings.ReplaceAll(quoted, `\`, `\\`)
	}
	return quoted
}
