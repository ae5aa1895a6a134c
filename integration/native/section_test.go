package native

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/aggregator/expr"
)

// section is one function, operator, cast or construct over arguments of certain
// types, as PostgreSQL writes it and as the evaluator gets it.
type section struct {
	oid      uint32 // 0 where it is no function
	name     string
	args     []datum.Type
	sql      func(args []string) string
	node     func(args []expr.Node) expr.Node
	literals []int // places of the arguments that must be literals to be native
}

func (s section) title() string {
	args := make([]string, len(s.args))
	for i, a := range s.args {
		args[i] = a.String()
	}
	return fmt.Sprintf("%s(%s)#%d", s.name, strings.Join(args, ", "), s.oid)
}

// sections is everything that is native.
func sections() []section {
	var all []section
	for _, f := range expr.Functions() {
		for _, args := range instances(f) {
			all = append(all, functionSection(f, args))
		}
	}
	return slices.Concat(all, castSections(), constructSections())
}

// instances are the argument types to test a function with: each parameter that
// takes any type, or any array, stands for several.
func instances(f expr.FunctionInfo) [][]datum.Type {
	if f.Variadic {
		tail := []datum.Type{datum.Int4, datum.Text, datum.Float8, datum.Bool, datum.TimestampTZ, datum.Numeric, datum.Bytea, datum.ArrayOf(datum.Int4)}
		var all [][]datum.Type
		for n := 1; n <= len(tail); n += 3 {
			all = append(all, append(slices.Clone(f.Args[:len(f.Args)-1]), tail[:n]...))
		}
		return all
	}
	if !slices.Contains(f.Args, datum.Invalid) {
		return [][]datum.Type{f.Args}
	}
	var all [][]datum.Type
	for _, of := range polymorphic(f) {
		args := slices.Clone(f.Args)
		for i := range args {
			if args[i] == datum.Invalid {
				args[i] = of
			}
		}
		all = append(all, args)
	}
	return all
}

// polymorphic are the types that stand for "any": scalars for textanycat, arrays
// for the rest.
func polymorphic(f expr.FunctionInfo) []datum.Type {
	scalars := []datum.Type{datum.Int4, datum.Float8, datum.Bool, datum.Numeric, datum.TimestampTZ, datum.Interval}
	if strings.HasPrefix(f.Name, "any") || strings.HasPrefix(f.Name, "textany") {
		return scalars
	}
	arrays := make([]datum.Type, 0, len(scalars)+1)
	for _, t := range append(scalars, datum.Text) {
		arrays = append(arrays, datum.ArrayOf(t))
	}
	return arrays
}

func functionSection(f expr.FunctionInfo, args []datum.Type) section {
	result := f.Result
	return section{
		oid: f.OID, name: f.Name, args: args, literals: literals[f.OID],
		sql: func(args []string) string {
			if strings.Contains(f.Name, "extract_path") {
				args[1] = "VARIADIC " + args[1]
			}
			return `pg_catalog."` + f.Name + `"(` + strings.Join(args, ", ") + ")"
		},
		node: func(args []expr.Node) expr.Node {
			of := result
			if of == datum.Invalid {
				of = args[0].Type()
			}
			return &expr.Call{Proc: f.OID, Name: f.Name, Args: args, Of: of}
		},
	}
}

// castSections are the casts through text: each type's input and output function.
func castSections() []section {
	var all []section
	for _, t := range datum.AllTypes() {
		if t == datum.Text {
			continue
		}
		all = append(all, section{
			name: "input of " + t.String(), args: []datum.Type{datum.Text},
			sql:  func(args []string) string { return args[0] + "::" + sqlName(t) },
			node: func(args []expr.Node) expr.Node { return &expr.Coerce{Arg: args[0], Of: t, ViaIO: true} },
		})
	}
	for _, between := range [][2]datum.Type{{datum.JSON, datum.JSONB}, {datum.JSONB, datum.JSON}} {
		all = append(all, section{
			name: "cast to " + between[1].String(), args: between[:1],
			sql:  func(args []string) string { return args[0] + "::" + between[1].String() },
			node: func(args []expr.Node) expr.Node { return &expr.Coerce{Arg: args[0], Of: between[1], ViaIO: true} },
		})
	}
	return all
}

// tuples are the argument tuples of a section, by column.
type tuples struct {
	texts [][]*string
	// groups are runs of rows that share their literals.
	groups []group
}

type group struct{ from, to int }

// draw makes n tuples; where arguments must be literals, each of them stands in
// a row of tuples.
func (s section) draw(rng *rand.Rand, n int) tuples {
	all := tuples{texts: make([][]*string, len(s.args))}
	perLiteral := n
	if len(s.literals) > 0 {
		perLiteral = max(n/100, 1)
	}
	for from := 0; from < n; from += perLiteral {
		g := group{from, min(from+perLiteral, n)}
		all.groups = append(all.groups, g)
		for place := range s.args {
			fixed := s.value(rng, place)
			for range g.to - g.from {
				if !slices.Contains(s.literals, place) {
					fixed = s.value(rng, place)
				}
				all.texts[place] = append(all.texts[place], fixed)
			}
		}
	}
	// Equal arguments are too rare by chance.
	if len(s.args) == 2 && s.args[0] == s.args[1] && len(s.literals) == 0 {
		for row := 0; row < n; row += 9 {
			all.texts[1][row] = all.texts[0][row]
		}
	}
	return all
}

func (s section) value(rng *rand.Rand, place int) *string {
	if pool := s.pool(place); pool != nil && (s.args[place] == datum.Int4 || rng.IntN(20) != 0) {
		if rng.IntN(20) == 0 {
			return nil
		}
		return ptr(pool[rng.IntN(len(pool))])
	}
	if into, found := strings.CutPrefix(s.name, "input of "); found && rng.IntN(4) != 0 {
		return damaged(rng, argument(rng, typeNamed(into)))
	}
	value := argument(rng, s.args[place])
	if most, ok := longest[s.name]; ok && value != nil && s.args[place] == datum.Numeric {
		if most = most >> (2 * place); len(*value) > most && !strings.ContainsAny(*value, "eNI") {
			return ptr((*value)[:most])
		}
	}
	return value
}

// sqlName is a type's name without a length: "character" means character(1).
func sqlName(t datum.Type) string {
	return strings.Replace(t.String(), datum.Bpchar.String(), "bpchar", 1)
}

func typeNamed(name string) datum.Type {
	for _, t := range datum.AllTypes() {
		if t.String() == name {
			return t
		}
	}
	panic("no type is named " + name)
}

// damaged changes a byte of one text in three.
func damaged(rng *rand.Rand, text *string) *string {
	if text == nil || *text == "" || rng.IntN(3) != 0 {
		return text
	}
	runes := []rune(*text)
	at := rng.IntN(len(runes))
	switch rng.IntN(3) {
	case 0:
		runes[at] = alphabet[rng.IntN(len(alphabet))]
	case 1:
		runes = slices.Delete(runes, at, at+1)
	default:
		runes = slices.Insert(runes, at, alphabet[rng.IntN(len(alphabet))])
	}
	return ptr(string(runes))
}

// batch is a run of tuples as columns of text.
func (all tuples) batch(from, to int) *column.Batch {
	b := &column.Batch{Rows: to - from}
	for _, texts := range all.texts {
		v := column.New(datum.Text)
		for _, text := range texts[from:to] {
			if text == nil {
				v.AppendNull()
			} else {
				v.AppendBytes([]byte(*text))
			}
		}
		b.Columns = append(b.Columns, v)
	}
	return b
}
