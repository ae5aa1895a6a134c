package query

// reading says what is done with the rows when v is read: what stands behind
// HAVING, and DISTINCT where it is over groups or leaves rows of the same values out.
func (b *builder) reading() error {
	r := &b.plan.Reading
	clause := b.query.nodes("distinctClause")
	switch {
	case len(clause) == 0:
	case b.query.flag("hasDistinctOn"):
		for i := range clause {
			on, err := b.sort(&clause[i])
			if err != nil {
				return err
			}
			r.DistinctOn = append(r.DistinctOn, on)
		}
	default:
		r.Distinct = b.aggregates() || b.plan.AppendOnly
	}
	for _, clause := range b.query.nodes("sortClause") {
		sort, err := b.sort(&clause)
		if err != nil {
			return err
		}
		if sort.Direction, err = b.direction(&clause); err != nil {
			return err
		}
		r.Order = append(r.Order, sort)
	}
	var err error
	if r.Limit, err = b.limit("limitCount"); err != nil {
		return err
	}
	r.WithTies = r.Limit != "" && b.query.text("limitOption") == limitWithTies
	r.Offset, err = b.limit("limitOffset")
	return err
}

const limitWithTies = "1" // LIMIT_OPTION_WITH_TIES of nodes/nodes.h

// sort is an expression that a clause sorts by or tells rows apart by: a column of
// v where it is one.
func (b *builder) sort(clause *node) (Sort, error) {
	target := b.targetOf(clause.text("tleSortGroupRef"))
	if target == nil {
		return Sort{}, broken("an ORDER BY expression is missing")
	}
	if !target.flag("resjunk") {
		return Sort{Output: target.int("resno")}, nil
	}
	n := target.child("expr")
	sql, key, err := b.keySQL(target)
	if err == nil && !key {
		sql, err = (&deparser{&nativeBuilder{b, b.places.rest}}).sql(n)
	}
	of := exprType(n)
	name, ok := map[uint32]string{boolOID: "boolean", int4OID: "integer"}[of] // which the tree may not name
	if !ok {
		name = b.typeName(of)
	}
	return Sort{SQL: sql, Key: key, Type: name}, err
}

// direction is what is written behind an expression of ORDER BY.
func (b *builder) direction(clause *node) (string, error) {
	op, ok := b.analysis.Operators[clause.oid("sortop")]
	nulls := " NULLS LAST"
	if clause.flag("nulls_first") {
		nulls = " NULLS FIRST"
	}
	switch {
	case !ok:
		return "", broken("an ORDER BY without an operator")
	case op.Name == "<" && op.Schema == "pg_catalog":
		return "ASC" + nulls, nil
	case op.Name == ">" && op.Schema == "pg_catalog":
		return "DESC" + nulls, nil
	}
	return "USING OPERATOR(" + quoteIdent(op.Schema) + "." + op.Name + ")" + nulls, nil
}

// limit writes LIMIT's or OFFSET's expression, "" for none.
func (b *builder) limit(field string) (string, error) {
	n := b.query.child(field)
	if n == nil || n.tag == "CONST" && n.flag("constisnull") {
		return "", nil
	}
	return (&deparser{&nativeBuilder{b, b.places.rest}}).sql(n)
}
