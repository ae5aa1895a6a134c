package statement

import "github.com/millrace/millrace/aggregator/datum"

// create reads what follows CREATE.
func (p *parser) create() (Statement, error) {
	switch {
	case p.accept("stream"):
		return p.createStream()
	case p.accept("foreign", "table"):
		return p.createForeignTable()
	case p.words("continuous", "transform"):
		return nil, p.notBuilt([]string{"create", "continuous", "transform"})
	case p.words("or", "replace", "continuous"):
		return nil, p.notBuilt([]string{"create", "or", "replace", "continuous", "view"})
	case p.accept("continuous"):
		if err := p.expect("view"); err != nil {
			return nil, err
		}
		return p.createView(SpellingContinuous, false)
	case p.accept("or", "replace", "view"):
		return p.createPlainView(true)
	case p.accept("view"):
		return p.createPlainView(false)
	}
	return &Postgres{}, nil
}

// createPlainView reads CREATE [OR REPLACE] VIEW, which is PostgreSQL's unless
// it has the form of a continuous view's other spellings.
func (p *parser) createPlainView(replace bool) (Statement, error) {
	if p.peekAt(1).IsOp(".") || !p.plainViewIsOurs() {
		return &Postgres{}, nil
	}
	return p.createView(SpellingPlain, replace)
}

// plainViewIsOurs looks past the name: a column list or a parameter of
// PostgreSQL's own views says that the view is PostgreSQL's.
func (p *parser) plainViewIsOurs() bool {
	next := p.peekAt(1)
	if next.Is("as") {
		return true
	}
	if !next.Is("with") || !p.peekAt(2).IsOp("(") {
		return false
	}
	for i := 3; p.peekAt(i).Kind != End && !p.peekAt(i).IsOp(")"); i++ {
		switch p.peekAt(i).Value {
		case "security_barrier", "security_invoker", "check_option":
			return false
		}
	}
	return true
}

// viewName is shorter than a name can be: the view's table is called v_mrel.
const viewName = maxName - len("_mrel")

// createView reads from behind VIEW.
func (p *parser) createView(spelling Spelling, replace bool) (Statement, error) {
	start := p.tokens[0]
	view := &CreateView{Spelling: spelling, IfNotExists: p.ifNotExists(), OrReplace: replace}
	name, err := p.name("continuous view", viewName)
	if err != nil {
		return nil, err
	}
	view.Name, view.NamePos = name.Value, name.Pos
	if p.peek().IsOp("(") {
		err := p.failAt(p.peek(), datum.CodeFeatureNotSupported, "a column list of a continuous view is not built yet")
		err.Hint = "Name the columns in the SELECT: expression AS name."
		return nil, err
	}
	if p.accept("with") {
		options, err := p.optionList(true)
		if err != nil {
			return nil, err
		}
		if view.Options, err = checkViewOptions(options); err != nil {
			return nil, err
		}
	}
	if action, ok := view.Options["action"]; ok {
		delete(view.Options, "action")
		view.Spelling = SpellingAction
		if foldASCII(action.Value) == "transform" {
			return nil, p.notBuilt([]string{"create", "continuous", "transform"})
		}
		if replace {
			err := p.notBuilt([]string{"create", "or", "replace", "continuous", "view"})
			err.Position = start.Pos
			return nil, err
		}
	}
	if err := p.expect("as"); err != nil {
		return nil, err
	}
	first := p.peek()
	if first.Kind == End {
		return nil, p.unexpected("")
	}
	view.Select = p.sql[first.Start:p.tokens[len(p.tokens)-1].End]
	view.SelectPos = first.Pos
	return view, nil
}
