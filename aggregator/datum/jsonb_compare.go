package datum

import "bytes"

// These read jsonb as it stands in vectors, which needs no checking.

// CompareJSONB compares as compareJsonbContainers does, texts by their bytes:
// null < string < number < boolean < array < object, a container by its length
// first. An empty array alone is below everything that is no container.
func CompareJSONB(a, b []byte) int {
	ka, kb := jsonbKind(a), jsonbKind(b)
	if (ka == '[') != (kb == '[') && ka != '{' && kb != '{' {
		// A value that is no container is an array of one, and before another.
		n, array := a, 1
		if kb == '[' {
			n, array = b, -1
		}
		if jsonbCount(n) == 0 {
			return -array
		}
		return array
	}
	return compareJSONB(a, b)
}

// jsonbKind is the byte that tells what a value is.
func jsonbKind(v []byte) byte {
	if c := v[0]; c != '-' && !isDigit(c) {
		return c
	}
	return jsonNumber
}

func jsonbRank(kind byte) int {
	switch kind {
	case jsonNull:
		return 0
	case jsonString:
		return 1
	case jsonNumber:
		return 2
	case jsonTrue, jsonFalse:
		return 3
	case '[':
		return 4
	}
	return 5
}

func compareJSONB(a, b []byte) int {
	ka, kb := jsonbKind(a), jsonbKind(b)
	if c := jsonbRank(ka) - jsonbRank(kb); c != 0 {
		return c
	}
	switch ka {
	case jsonNull:
		return 0
	case jsonString:
		return compareJSONStrings(a, b)
	case jsonNumber:
		return compareJSONNumbers(a, b)
	case jsonTrue, jsonFalse:
		return int(ka) - int(kb) // f before t
	}
	if c := jsonbCount(a) - jsonbCount(b); c != 0 {
		return c
	}
	for i, j := 1, 1; i < len(a)-1; {
		var c int
		if ka == '{' {
			endA, endB := jsonbSkip(a, i), jsonbSkip(b, j)
			if c = compareJSONStrings(a[i:endA], b[j:endB]); c != 0 {
				return c
			}
			i, j = endA+2, endB+2
		}
		endA, endB := jsonbSkip(a, i), jsonbSkip(b, j)
		if c = compareJSONB(a[i:endA], b[j:endB]); c != 0 {
			return c
		}
		i, j = endA+2, endB+2
	}
	return 0
}

func compareJSONStrings(a, b []byte) int {
	if bytes.IndexByte(a, '\\') >= 0 || bytes.IndexByte(b, '\\') >= 0 {
		return bytes.Compare(AppendJSONUnescaped(nil, a[1:len(a)-1]), AppendJSONUnescaped(nil, b[1:len(b)-1]))
	}
	return bytes.Compare(a[1:len(a)-1], b[1:len(b)-1])
}

func compareJSONNumbers(a, b []byte) int {
	if bytes.Equal(a, b) {
		return 0
	}
	x, errA := ParseDecimal(a)
	y, errB := ParseDecimal(b)
	if errA != nil || errB != nil {
		panic("bug: a jsonb that no parser made")
	}
	return x.Cmp(y)
}

// jsonbSkip returns the place behind the value at v[i].
func jsonbSkip(v []byte, i int) int {
	depth := 0
	for ; i < len(v); i++ {
		switch v[i] {
		case '"':
			for i++; v[i] != '"'; i++ {
				if v[i] == '\\' {
					i++
				}
			}
		case '[', '{':
			depth++
			continue
		case ']', '}':
			if depth == 0 {
				return i
			}
			depth--
		case ',', ':':
			if depth == 0 {
				return i
			}
			continue
		default:
			continue
		}
		if depth == 0 {
			return i + 1
		}
	}
	return i
}

// jsonbCount returns how many elements or pairs a container has.
func jsonbCount(v []byte) int {
	n, object := 0, v[0] == '{'
	for i := 1; i < len(v)-1; i = jsonbSkip(v, i) + 2 {
		if object {
			i = jsonbSkip(v, i) + 2
		}
		n++
	}
	return n
}

// appendCanonicalJSONB appends a jsonb with numbers that are equal made the same:
// without trailing zeros behind the point.
func appendCanonicalJSONB(dst, v []byte) []byte {
	for i := 0; i < len(v); {
		switch c := v[i]; {
		case c == '"':
			end := jsonbSkip(v, i)
			dst = append(dst, v[i:end]...)
			i = end
		case c == '-' || isDigit(c):
			end, point := i+1, false
			for end < len(v) && (isDigit(v[end]) || v[end] == '.') {
				point = point || v[end] == '.'
				end++
			}
			number := v[i:end]
			if point {
				number = bytes.TrimSuffix(bytes.TrimRight(number, "0"), []byte{'.'})
			}
			dst = append(dst, number...)
			i = end
		default:
			dst = append(dst, c)
			i++
		}
	}
	return dst
}
