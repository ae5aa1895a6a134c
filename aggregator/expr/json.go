package expr

import (
	"github.com/millrace/millrace/aggregator/datum"
)

// jsonFunctions are the operators and functions of json and jsonb.
func jsonFunctions() []function {
	j, jb, t, i, b, path := datum.JSON, datum.JSONB, datum.Text, datum.Int4, datum.Bool, datum.ArrayOf(datum.Text)
	lookups := []function{
		{oid: 3947, name: "json_object_field", args: takes(j, t), result: j},
		{oid: 3948, name: "json_object_field_text", args: takes(j, t), result: t},
		{oid: 3949, name: "json_array_element", args: takes(j, i), result: j},
		{oid: 3950, name: "json_array_element_text", args: takes(j, i), result: t},
		{oid: 3951, name: "json_extract_path", args: takes(j, path), result: j},
		{oid: 3953, name: "json_extract_path_text", args: takes(j, path), result: t},
		{oid: 3478, name: "jsonb_object_field", args: takes(jb, t), result: jb},
		{oid: 3214, name: "jsonb_object_field_text", args: takes(jb, t), result: t},
		{oid: 3215, name: "jsonb_array_element", args: takes(jb, i), result: jb},
		{oid: 3216, name: "jsonb_array_element_text", args: takes(jb, i), result: t},
		{oid: 3217, name: "jsonb_extract_path", args: takes(jb, path), result: jb},
		{oid: 3940, name: "jsonb_extract_path_text", args: takes(jb, path), result: t},
	}
	for i := range lookups {
		lookups[i].bind = bindLookup
	}
	return append(lookups, []function{
		{oid: 3956, name: "json_array_length", args: takes(j), result: i, kernel: try1(datum.JSONLength)},
		{oid: 3207, name: "jsonb_array_length", args: takes(jb), result: i, kernel: try1(datum.JSONLength)},
		{oid: 3968, name: "json_typeof", args: takes(j), result: t, kernel: append1(appendJSONType)},
		{oid: 3210, name: "jsonb_typeof", args: takes(jb), result: t, kernel: append1(appendJSONType)},
		{oid: 4046, name: "jsonb_contains", args: takes(jb, jb), result: b, kernel: map2(datum.JSONBContains)},
		{oid: 4050, name: "jsonb_contained", args: takes(jb, jb), result: b, kernel: swapped(map2(datum.JSONBContains))},
		{oid: 4047, name: "jsonb_exists", args: takes(jb, t), result: b, bind: bindExists},
		{oid: 4048, name: "jsonb_exists_any", args: takes(jb, path), result: b, bind: bindExistsOf(true)},
		{oid: 4049, name: "jsonb_exists_all", args: takes(jb, path), result: b, bind: bindExistsOf(false)},
		{oid: 3556, name: "bool", args: takes(jb), result: b, kernel: try1(jsonBool)},
		{oid: 3449, name: "numeric", args: takes(jb), result: datum.Numeric, kernel: jsonNumber("numeric", func(d datum.Decimal) (datum.Decimal, *datum.Error) { return d, nil })},
		{oid: 3450, name: "int2", args: takes(jb), result: datum.Int2, kernel: jsonNumber("smallint", datum.Decimal.Int2)},
		{oid: 3451, name: "int4", args: takes(jb), result: i, kernel: jsonNumber("integer", datum.Decimal.Int4)},
		{oid: 3452, name: "int8", args: takes(jb), result: datum.Int8, kernel: jsonNumber("bigint", datum.Decimal.Int8)},
		{oid: 3453, name: "float4", args: takes(jb), result: datum.Float4, kernel: jsonNumber("real", datum.Decimal.Float4)},
		{oid: 2580, name: "float8", args: takes(jb), result: datum.Float8, kernel: jsonNumber("double precision", datum.Decimal.Float8)},
	}...)
}

func appendJSONType(dst, v []byte) []byte { return append(dst, datum.JSONType(v)...) }

// bindLookup makes the kernel of ->, ->>, #> and #>>, as the types of the call ask for.
func bindLookup(n *Call) (kernel, bool) {
	path := &datum.JSONPath{}
	key := n.Args[1].Type()
	binary, text := n.Args[0].Type() == datum.JSONB, n.Of == datum.Text
	return func(c *call, rows []int32) {
		for _, r := range rows {
			if !setPath(path, c, key, r) {
				c.out.SetNull(int(r))
				continue
			}
			value, ok, err := find(path, c.in[0].Bytes(int(r)), binary)
			if err != nil {
				c.fail(r, err)
				continue
			}
			start := len(c.out.Arena)
			switch {
			case ok && text:
				c.out.Arena, ok = datum.AppendJSONText(c.out.Arena, value)
			case ok:
				c.out.Arena = append(c.out.Arena, value...)
			}
			if !ok {
				c.out.SetNull(int(r))
				continue
			}
			c.ended(r, start)
		}
	}, true
}

// setPath makes the path of the call's second argument; ok is false where it has a NULL.
func setPath(path *datum.JSONPath, c *call, key datum.Type, r int32) (ok bool) {
	switch key {
	case datum.Text:
		path.Key(c.in[1].Bytes(int(r)))
	case datum.Int4:
		path.Index(c.in[1].Ints[r])
	default:
		return path.Keys(c.in[1].Bytes(int(r)))
	}
	return true
}

func find(path *datum.JSONPath, v []byte, binary bool) (value []byte, ok bool, err *datum.Error) {
	if binary {
		value, ok = path.JSONB(v)
		return value, ok, nil
	}
	return path.JSON(v)
}

func bindExists(*Call) (kernel, bool) {
	return map2((&datum.JSONPath{}).HasKey), true
}

// bindExistsOf is jsonb ?| text[], or ?& where any is false. NULLs are passed over.
func bindExistsOf(any bool) func(*Call) (kernel, bool) {
	return func(*Call) (kernel, bool) {
		path := &datum.JSONPath{}
		return map2(func(v, keys []byte) bool {
			for e := datum.Array(keys).Elements(); ; {
				key, null, more := e.Next()
				if !more {
					return !any
				}
				if !null && path.HasKey(v, key) == any {
					return any
				}
			}
		}), true
	}
}

func jsonBool(v []byte) (bool, *datum.Error) {
	if datum.JSONType(v) != "boolean" {
		return false, errJSONCast(v, "boolean")
	}
	return v[0] == 't', nil
}

// jsonNumber is the kernel of a cast of jsonb to a number.
func jsonNumber[R any](to string, convert func(datum.Decimal) (R, *datum.Error)) kernel {
	return try1(func(v []byte) (x R, err *datum.Error) {
		if datum.JSONType(v) != "number" {
			return x, errJSONCast(v, to)
		}
		d, err := datum.ParseDecimal(v)
		if err != nil {
			return x, err
		}
		return convert(d)
	})
}

func errJSONCast(v []byte, to string) *datum.Error {
	what := datum.JSONType(v)
	if what == "number" {
		what = "numeric"
	}
	return datum.Errorf(datum.CodeInvalidParameter, "cannot cast jsonb %s to type %s", what, to)
}
