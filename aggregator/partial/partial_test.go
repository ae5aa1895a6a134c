package partial_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"github.com/cespare/xxhash/v2"

	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/aggregator/internal/specimen"
	"github.com/millrace/millrace/aggregator/partial"
	"github.com/millrace/millrace/topology"
)

// randomBlock returns a block with everything that a block can have.
func randomBlock(rng *rand.Rand) *partial.Block {
	b := &partial.Block{
		Shard: topology.ShardID(rng.IntN(topology.Slots)),
		Flush: partial.FlushID{Seq: rng.Uint64()},
		Parts: uint16(1 + rng.IntN(math.MaxUint16)), Schema: rng.Uint64(), Groups: rng.IntN(200),
	}
	b.Part = uint16(rng.IntN(int(b.Parts)))
	for i := range b.View {
		b.View[i], b.Flush.Lane[i] = byte(rng.IntN(256)), byte(rng.IntN(256))
	}
	for range rng.IntN(5) {
		r := partial.Range{Partition: int32(rng.IntN(1 << 31)), From: rng.Int64() >> rng.IntN(63), MaxTime: rng.Int64()}
		r.To = r.From + rng.Int64N(math.MaxInt64-r.From)
		r.Topic[3] = byte(rng.IntN(256))
		b.Ranges = append(b.Ranges, r)
	}
	types := append(datum.AllTypes(), datum.Enum, datum.ArrayOf(datum.Enum), datum.Other)
	for range 1 + rng.IntN(3) {
		b.Keys = append(b.Keys, specimen.Vector(rng.IntN, types[rng.IntN(len(types))], b.Groups))
	}
	for range rng.IntN(8) {
		b.States = append(b.States, specimen.Vector(rng.IntN, types[rng.IntN(len(types))], b.Groups))
	}
	for g := range b.Groups {
		if rng.IntN(20) == 0 {
			err := &datum.Error{Code: "22003", Message: "bigint out of range", Detail: "d", Hint: "é", Position: rng.IntN(99)}
			b.Errors = append(b.Errors, partial.GroupError{Group: g, Err: err})
		}
	}
	return b
}

// show returns everything that a block says.
func show(b *partial.Block) string {
	var s strings.Builder
	fmt.Fprintf(&s, "%x %d %x/%d %d/%d %x %+v %d\n",
		b.View, b.Shard, b.Flush.Lane, b.Flush.Seq, b.Part, b.Parts, b.Schema, b.Ranges, b.Groups)
	for _, vectors := range [][]*column.Vector{b.Keys, b.States} {
		s.WriteString("vectors\n")
		for _, v := range vectors {
			s.WriteString(v.Type.String())
			for r := range v.Len() {
				s.WriteString(" " + specimen.Look(v, r))
			}
			s.WriteString("\n")
		}
	}
	for _, e := range b.Errors {
		fmt.Fprintf(&s, "%d %+v\n", e.Group, *e.Err)
	}
	return s.String()
}

// TestRoundTrip: what was appended comes back, whatever the block held before,
// within the size that was foretold, and Header tells the same.
func TestRoundTrip(t *testing.T) {
	var got partial.Block
	for seed := range uint64(300) {
		want := randomBlock(rand.New(rand.NewPCG(seed, 1)))
		data := partial.Append([]byte("before"), want)
		if string(data[:6]) != "before" {
			t.Fatal("Append wrote over dst")
		}
		data = data[6:]
		if bound := partial.MaxSize(want); len(data) > bound {
			t.Fatalf("seed %d: %d bytes, foretold were at most %d", seed, len(data), bound)
		}
		if err := partial.Decode(data, &got); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if show(&got) != show(want) {
			t.Fatalf("seed %d: got\n%swant\n%s", seed, show(&got), show(want))
		}
		head, err := partial.Header(data)
		if err != nil {
			t.Fatal(err)
		}
		want.Keys, want.States, want.Errors = nil, nil, nil
		if show(&head) != show(want) {
			t.Fatalf("seed %d: header is\n%swant\n%s", seed, show(&head), show(want))
		}
	}
}

// TestDecodeReuses: the second decoding of like blocks allocates nothing.
func TestDecodeReuses(t *testing.T) {
	block := randomBlock(rand.New(rand.NewPCG(7, 7)))
	block.Errors = nil
	for _, v := range block.States { // wide numerics are checked through math/big
		if v.Type == datum.Numeric {
			v.Resize(v.Len())
		}
	}
	data := partial.Append(nil, block)
	var b partial.Block
	if n := testing.AllocsPerRun(20, func() {
		if err := partial.Decode(data, &b); err != nil {
			t.Fatal(err)
		}
	}); n > 1 { // the reader
		t.Errorf("%v allocations", n)
	}
}

// TestDamage: every single changed byte and every missing tail is noticed.
func TestDamage(t *testing.T) {
	data := partial.Append(nil, randomBlock(rand.New(rand.NewPCG(9, 9))))
	var b partial.Block
	check := func(what string, damaged []byte) {
		t.Helper()
		err := partial.Decode(damaged, &b)
		if !errors.Is(err, partial.ErrDamaged) && !errors.Is(err, partial.ErrVersion) {
			t.Fatalf("%s: %v", what, err)
		}
		if _, err := partial.Header(damaged); err == nil {
			t.Fatalf("%s: Header saw nothing", what)
		}
	}
	for i := range data {
		damaged := bytes.Clone(data)
		damaged[i] ^= 1 << (i % 8)
		check(fmt.Sprintf("byte %d changed", i), damaged)
		check(fmt.Sprintf("cut at %d", i), data[:i])
	}
	check("a byte more", append(bytes.Clone(data), 0))
}

// sealed gives bytes a version and the checksum that they should have.
func sealed(body []byte) []byte {
	data := make([]byte, 9, 9+len(body))
	data[0] = partial.Version
	binary.LittleEndian.PutUint64(data[1:], xxhash.Sum64(body))
	return append(data, body...)
}

// TestHugeCounts: counts that promise more than there is are refused before
// anything of their size is allocated.
func TestHugeCounts(t *testing.T) {
	head := make([]byte, 16+1+16+1, 100)
	head = append(head, 0, 1)                                                      // part 0 of 1
	head = append(head, make([]byte, 8)...)                                        // schema
	huge := binary.AppendUvarint(nil, math.MaxInt32)                               // of anything
	groups := append(bytes.Clone(append(head, 0)), huge...)                        // no range, many groups
	bitmap := append(append(bytes.Clone(groups), 1, 0, 4, 1), make([]byte, 50)...) // int8, some NULL
	text := append(append(bytes.Clone(append(head, 0)), 1, 1, 0, 8, 0), huge...)   // one group, a long text
	for name, body := range map[string][]byte{
		"ranges":      append(bytes.Clone(head), huge...),
		"groups":      append(bytes.Clone(groups), 1, 0, 4, 0),
		"bitmap":      bitmap,
		"keys":        append(bytes.Clone(groups), huge...),
		"text":        text,
		"no vectors":  append(bytes.Clone(groups), 0, 0, 0),
		"errors":      append(append(bytes.Clone(append(head, 0)), 0, 0, 0), huge...),
		"type 0":      append(bytes.Clone(append(head, 0)), 1, 1, 0, 0, 0),
		"type 23":     append(bytes.Clone(append(head, 0)), 1, 1, 0, 23, 0),
		"form 2":      append(bytes.Clone(append(head, 0)), 1, 1, 0, 4, 2),
		"wide int2":   append(bytes.Clone(append(head, 0)), 1, 1, 0, 2, 0, 0xFE, 0xFF, 0x7F, 0),
		"bad numeric": append(bytes.Clone(append(head, 0)), 1, 1, 0, 7, 0, 1, 0, 0),
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		var b partial.Block
		err := partial.Decode(sealed(body), &b)
		runtime.ReadMemStats(&after)
		if !errors.Is(err, partial.ErrDamaged) {
			t.Errorf("%s: %v", name, err)
		}
		if n := after.TotalAlloc - before.TotalAlloc; n > 1<<16 {
			t.Errorf("%s: %d bytes allocated for %d", name, n, len(body))
		}
	}
}

// FuzzDecode: no bytes make Decode panic; what it accepts survives another
// round. The checksum is made right, or nothing behind it would be reached.
func FuzzDecode(f *testing.F) {
	for seed := range uint64(20) {
		f.Add(partial.Append(nil, randomBlock(rand.New(rand.NewPCG(seed, 2))))[9:])
	}
	f.Add(golden(f)[9:])
	f.Fuzz(func(t *testing.T, body []byte) {
		var b, again partial.Block
		data := sealed(body)
		head, headErr := partial.Header(data)
		err := partial.Decode(data, &b)
		if err != nil {
			if !errors.Is(err, partial.ErrDamaged) {
				t.Fatal(err)
			}
			return
		}
		if headErr != nil || head.View != b.View || head.Groups != b.Groups || !reflect.DeepEqual(head.Flush, b.Flush) {
			t.Fatalf("Header says %+v, %v", head, headErr)
		}
		if err := partial.Decode(partial.Append(nil, &b), &again); err != nil {
			t.Fatal(err)
		}
		if show(&b) != show(&again) {
			t.Fatalf("first\n%ssecond\n%s", show(&b), show(&again))
		}
	})
}

// goldenBlock is the block whose bytes in version 1 are kept.
func goldenBlock() *partial.Block {
	b := &partial.Block{
		View:  topology.ViewID{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16},
		Shard: 3, Flush: partial.FlushID{Lane: topology.ID{0xAA, 0xBB}, Seq: 300}, Part: 1, Parts: 2, Schema: 0x1122334455667788,
		Ranges: []partial.Range{
			{Topic: topology.TopicID{0xCC}, Partition: 7, From: 1000, To: 5000, MaxTime: 1763860000000},
			{Topic: topology.TopicID{0xCC}, Partition: 8, From: 5, To: 5},
		},
		Groups: 3,
		Errors: []partial.GroupError{
			{Group: 0, Err: &datum.Error{Code: "22003", Message: "bigint out of range"}},
			{Group: 2, Err: &datum.Error{Code: "22008", Message: "interval out of range", Detail: "d", Hint: "h", Position: 4}},
		},
	}
	for _, t := range datum.Types() {
		v := column.New(t)
		switch t.Physical() {
		case datum.PhysInt:
			v.AppendInt(1)
			v.AppendNull()
			v.AppendInt(0)
		case datum.PhysFloat:
			v.AppendFloat(-0.5)
			v.AppendFloat(math.Inf(1))
			v.AppendNull()
		case datum.PhysInterval:
			v.AppendSpan(datum.Span{Months: 1, Days: -2, Micros: 3})
			v.AppendSpan(datum.Span{})
			v.AppendSpan(datum.Span{Micros: math.MinInt64})
		default:
			for _, s := range []string{"12.50", "-99999999999999999999.9", "NaN"} {
				if t == datum.Numeric {
					d, err := datum.ParseDecimal([]byte(s))
					if err != nil {
						panic(err)
					}
					v.AppendBytes(datum.AppendDecimal(nil, d))
				} else {
					v.AppendBytes([]byte(s))
				}
			}
		}
		if b.Keys = append(b.Keys, v); len(b.Keys) > 6 {
			b.Keys, b.States = b.Keys[:6], append(b.States, v)
		}
	}
	return b
}

// golden returns the bytes that version 1 wrote. They are never rewritten: a
// new version adds a file, and this one stays readable.
func golden(tb testing.TB) []byte {
	tb.Helper()
	data, err := os.ReadFile("testdata/v1.partial")
	if err != nil {
		tb.Fatal(err)
	}
	return data
}

// TestGolden: version 1 is written and read as it was on its first day.
func TestGolden(t *testing.T) {
	want := goldenBlock()
	data := golden(t)
	if got := partial.Append(nil, want); !bytes.Equal(got, data) {
		t.Errorf("Append writes\n%x\nversion 1 is\n%x", got, data)
	}
	var b partial.Block
	if err := partial.Decode(data, &b); err != nil {
		t.Fatal(err)
	}
	if show(&b) != show(want) {
		t.Errorf("got\n%swant\n%s", show(&b), show(want))
	}
}

// goldenTypes is a block with the types that came later, as version 1 writes them.
func goldenTypes() *partial.Block {
	b := &partial.Block{Parts: 1, Groups: 2}
	for _, c := range []struct {
		of    datum.Type
		value string
	}{
		{datum.Bytea, `\x00ff`},
		{datum.Bpchar, "a  "},
		{datum.Time, "24:00"},
		{datum.UUID, "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"},
		{datum.JSON, `{"b" : 1.0}`},
		{datum.JSONB, `{"b" : 1.0, "a": "\u00e9"}`},
		{datum.Inet, "10.1.2.3/8"},
		{datum.Cidr, "2001:db8::/32"},
		{datum.Enum, "ok"},
		{datum.Other, "[1,3)"},
		{datum.ArrayOf(datum.Bool), "{t,NULL}"},
		{datum.ArrayOf(datum.Float8), "{1.5,-0}"},
		{datum.ArrayOf(datum.Numeric), "[0:0]={1.50}"},
		{datum.ArrayOf(datum.Text), `{{a,"NULL"}}`},
		{datum.ArrayOf(datum.Interval), "{1 mon}"},
		{datum.ArrayOf(datum.JSONB), `{"[1]"}`},
		{datum.ArrayOf(datum.Enum), "{}"},
	} {
		in := datum.Input{Type: c.of, Typmod: datum.AnyTypmod}
		value, err := in.Append(nil, []byte(c.value))
		if err != nil {
			panic(err)
		}
		v := column.New(c.of)
		v.AppendValue(value)
		v.AppendNull()
		b.Keys = append(b.Keys, v)
	}
	return b
}

// TestGoldenTypes: the later types are written and read as they were on their first day.
func TestGoldenTypes(t *testing.T) {
	data, err := os.ReadFile("testdata/v1-types.partial")
	if err != nil {
		t.Fatal(err)
	}
	want := goldenTypes()
	if got := partial.Append(nil, want); !bytes.Equal(got, data) {
		t.Errorf("Append writes\n%x\nversion 1 is\n%x", got, data)
	}
	var b partial.Block
	if err := partial.Decode(data, &b); err != nil {
		t.Fatal(err)
	}
	if show(&b) != show(want) {
		t.Errorf("got\n%swant\n%s", show(&b), show(want))
	}
}

// TestOtherVersion: a newer block is named as such.
func TestOtherVersion(t *testing.T) {
	data := golden(t)
	data[0] = 2
	var b partial.Block
	if err := partial.Decode(data, &b); !errors.Is(err, partial.ErrVersion) {
		t.Error(err)
	}
}

func BenchmarkBlock(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 1))
	block := &partial.Block{Parts: 1, Groups: 10_000, Keys: []*column.Vector{specimen.Vector(rng.IntN, datum.Text, 10_000)}}
	for _, t := range []datum.Type{datum.Int8, datum.Float8, datum.Int8, datum.Float8, datum.Float8} {
		block.States = append(block.States, specimen.Tame(rng.IntN, t, 10_000))
	}
	data := partial.Append(nil, block)
	b.Run("op=append/groups=1e4", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(data)))
		for b.Loop() {
			data = partial.Append(data[:0], block)
		}
	})
	b.Run("op=decode/groups=1e4", func(b *testing.B) {
		var into partial.Block
		b.ReportAllocs()
		b.SetBytes(int64(len(data)))
		for b.Loop() {
			if err := partial.Decode(data, &into); err != nil {
				b.Fatal(err)
			}
		}
	})
}
