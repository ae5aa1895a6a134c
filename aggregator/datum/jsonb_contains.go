package datum

// JSONBContains is jsonb @> jsonb: JsonbDeepContains of PostgreSQL's jsonb_util.c. A
// value that is no container counts as an array of one, which contains no array.
func JSONBContains(v, part []byte) bool {
	a, b := jsonbKind(v), jsonbKind(part)
	switch {
	case (a == '{') != (b == '{'):
		return false
	case a == '{':
		return objectContains(v, part)
	case a == '[' && b == '[':
		return arrayContains(v, part)
	case a == '[':
		return hasScalar(v, part)
	case b == '[':
		return false
	}
	return sameScalar(v, part)
}

// within is containment below the top, where a container contains only one of its kind.
func within(v, part []byte) bool {
	a, b := jsonbKind(v), jsonbKind(part)
	switch {
	case a == '{' && b == '{':
		return objectContains(v, part)
	case a == '[' && b == '[':
		return arrayContains(v, part)
	case a == '{' || a == '[' || b == '{' || b == '[':
		return false
	}
	return sameScalar(v, part)
}

func sameScalar(a, b []byte) bool {
	return jsonbRank(jsonbKind(a)) == jsonbRank(jsonbKind(b)) && compareJSONB(a, b) == 0
}

func objectContains(v, part []byte) bool {
	i := 1
	for j := 1; j < len(part)-1; {
		keyEnd := jsonbSkip(part, j)
		end := jsonbSkip(part, keyEnd+2)
		// The keys of both are sorted alike, and written alike where they are equal.
		var value []byte
		for value == nil && i < len(v)-1 {
			at := jsonbSkip(v, i)
			to := jsonbSkip(v, at+2)
			if string(v[i:at]) == string(part[j:keyEnd]) {
				value = v[at+2 : to]
			}
			i = to + 2
		}
		if value == nil || !within(value, part[keyEnd+2:end]) {
			return false
		}
		j = end + 2
	}
	return true
}

func arrayContains(v, part []byte) bool {
	for j := 1; j < len(part)-1; {
		end := jsonbSkip(part, j)
		if item := part[j:end]; item[0] == '{' || item[0] == '[' {
			if !hasContainer(v, item) {
				return false
			}
		} else if !hasScalar(v, item) {
			return false
		}
		j = end + 2
	}
	return true
}

func hasScalar(array, scalar []byte) bool {
	for i := 1; i < len(array)-1; {
		end := jsonbSkip(array, i)
		if item := array[i:end]; item[0] != '{' && item[0] != '[' && sameScalar(item, scalar) {
			return true
		}
		i = end + 2
	}
	return false
}

func hasContainer(array, part []byte) bool {
	for i := 1; i < len(array)-1; {
		end := jsonbSkip(array, i)
		if within(array[i:end], part) {
			return true
		}
		i = end + 2
	}
	return false
}

// HasKey is jsonb ? text: a key of an object, a string in an array, or the string itself.
func (p *JSONPath) HasKey(v, key []byte) bool {
	switch jsonbKind(v) {
	case '{':
		return p.jsonbField(v, key) != nil
	case '[':
		for i := 1; i < len(v)-1; {
			end := jsonbSkip(v, i)
			if v[i] == '"' && p.isKey(v[i:end], key) {
				return true
			}
			i = end + 2
		}
		return false
	case jsonString:
		return p.isKey(v, key)
	}
	return false
}
