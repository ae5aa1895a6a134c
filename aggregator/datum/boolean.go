package datum

// ParseBool reads a boolean as boolin does: a unique prefix of true, false, yes,
// no, on, off, or 1 or 0, in any case, white space around.
func ParseBool(s []byte) (bool, *Error) {
	t := trimSpace(s)
	switch {
	case isPrefix(t, "true", 1), isPrefix(t, "yes", 1), isPrefix(t, "on", 2), isPrefix(t, "1", 1):
		return true, nil
	case isPrefix(t, "false", 1), isPrefix(t, "no", 1), isPrefix(t, "off", 2), isPrefix(t, "0", 1):
		return false, nil
	}
	return false, errSyntax(Bool, s)
}

// isPrefix reports whether s is a prefix of word, of least bytes or more, in any case.
func isPrefix(s []byte, word string, least int) bool {
	return len(s) >= least && len(s) <= len(word) && equalFold(s, word[:len(s)])
}

// AppendBool appends a boolean as boolout prints it: t or f.
func AppendBool(dst []byte, b bool) []byte {
	if b {
		return append(dst, 't')
	}
	return append(dst, 'f')
}

// AppendBoolText appends what the cast to text gives: true or false.
func AppendBoolText(dst []byte, b bool) []byte {
	if b {
		return append(dst, "true"...)
	}
	return append(dst, "false"...)
}
