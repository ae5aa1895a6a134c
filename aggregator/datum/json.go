package datum

// MaxJSONDepth is how deep json and jsonb may nest. PostgreSQL's limit hangs on its
// stack (max_stack_depth): at the default it takes more than this.
const MaxJSONDepth = 1000

// CheckJSON checks a json text as json_in does: it stays as it is.
func CheckJSON(s []byte) *Error {
	l := jsonLexer{s: s}
	if err := l.next(); err != nil {
		return err
	}
	if err := l.skip(MaxJSONDepth); err != nil {
		return err
	}
	if l.kind != jsonEnd {
		return l.expected("end of input")
	}
	return nil
}

// skip checks the value that begins with the current token, and reads the token
// behind it.
func (l *jsonLexer) skip(depth int) *Error {
	switch l.kind {
	case jsonString, jsonNumber, jsonTrue, jsonFalse, jsonNull:
		return l.next()
	case '[', '{':
	default:
		return l.expected("JSON value")
	}
	if depth == 0 {
		return errJSONDepth()
	}
	open := l.kind
	empty, err := l.open()
	for ; !empty && err == nil; empty, err = l.more(open) {
		if open == '{' {
			if err = l.colon(); err != nil {
				return err
			}
		}
		if err = l.skip(depth - 1); err != nil {
			return err
		}
	}
	return err
}

// open reads over the bracket that is the current token. An empty container is
// read whole; else the first key or value is the current token.
func (l *jsonLexer) open() (empty bool, err *Error) {
	object := l.kind == '{'
	if err := l.next(); err != nil {
		return false, err
	}
	switch {
	case object && l.kind == '}', !object && l.kind == ']':
		return true, l.next()
	case object && l.kind != jsonString:
		return false, l.expected(`string or "}"`)
	}
	return false, nil
}

// colon reads over a key and its colon.
func (l *jsonLexer) colon() *Error {
	if err := l.next(); err != nil {
		return err
	}
	if l.kind != ':' {
		return l.expected(`":"`)
	}
	return l.next()
}

// more reads over the comma, or the bracket, behind a value.
func (l *jsonLexer) more(open byte) (end bool, err *Error) {
	switch {
	case l.kind == ',':
		if err := l.next(); err != nil {
			return false, err
		}
		if open == '{' && l.kind != jsonString {
			return false, l.expected("string")
		}
		return false, nil
	case open == '{' && l.kind == '}', open == '[' && l.kind == ']':
		return true, l.next()
	case open == '{':
		return false, l.expected(`"," or "}"`)
	}
	return false, l.expected(`"," or "]"`)
}

func errJSONDepth() *Error {
	err := Errorf(CodeStatementTooComplex, "stack depth limit exceeded")
	err.Detail = Errorf("", "json nests deeper than %d levels.", MaxJSONDepth).Message
	return err
}
