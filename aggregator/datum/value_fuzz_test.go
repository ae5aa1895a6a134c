package datum_test

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/aggregator/internal/specimen"
)

// typeAt picks a type by a number of the fuzzer's.
func typeAt(n byte) datum.Type {
	all := datum.AllTypes()
	return all[int(n)%len(all)]
}

// FuzzInput: no text makes an input function panic; what one reads is a value, which
// is read back from its own output and its own binary form.
func FuzzInput(f *testing.F) {
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range datum.AllTypes() {
		for range 8 {
			f.Add(byte(i), []byte(specimen.Text(rng.IntN, typeAt(byte(i)))))
		}
	}
	for _, s := range []string{"[1:2]={1", "{{}}", `{"\`, "[2147483647:2147483647]={1}", "{{1},{2,3}}", "1::2::", "0x", `\x0`, "{\"a\":", `"\ud800"`, "24:00:01", "1e131072"} {
		for i := range datum.AllTypes() {
			f.Add(byte(i), []byte(s))
		}
	}
	f.Fuzz(func(t *testing.T, n byte, text []byte) {
		typ := typeAt(n)
		in := datum.Input{Type: typ, Typmod: datum.AnyTypmod}
		before := []byte("before")
		got, err := in.Append(before, text)
		if err != nil {
			if err.Code == "" || err.Message == "" {
				t.Fatalf("%v %q: %+v", typ, text, err)
			}
			return
		}
		value := got[len(before):]
		if !datum.ValidValue(value, typ) {
			t.Fatalf("%v %q is read as %x", typ, text, value)
		}
		output := datum.AppendOutput(nil, typ, value, nil)
		again, err := in.Append(nil, output)
		if err != nil || !bytes.Equal(datum.AppendOutput(nil, typ, again, nil), output) {
			t.Fatalf("%v %q is printed as %q, which is read as %x, %v", typ, text, output, again, err)
		}
		wire, ok := datum.AppendFromWire(nil, typ, datum.AppendWire(nil, typ, value))
		if !ok || !bytes.Equal(wire, value) {
			t.Fatalf("%v %q: %x comes back as %x, %v", typ, text, value, wire, ok)
		}
		if typ.HasKey() {
			same := bytes.Equal(datum.AppendKeyValue(nil, typ, again), datum.AppendKeyValue(nil, typ, value))
			if !same || datum.CompareValues(typ, again, value) != 0 {
				t.Fatalf("%v %q: %x and %x are not equal", typ, text, value, again)
			}
		}
	})
}

// FuzzFromWire: no bytes make reading the binary form panic; what is read is a value
// that is written and read alike.
func FuzzFromWire(f *testing.F) {
	rng := rand.New(rand.NewPCG(3, 4))
	for i := range datum.AllTypes() {
		in := datum.Input{Type: typeAt(byte(i)), Typmod: datum.AnyTypmod}
		for range 8 {
			value, err := in.Append(nil, []byte(specimen.Text(rng.IntN, in.Type)))
			if err != nil {
				f.Fatal(err)
			}
			f.Add(byte(i), datum.AppendWire(nil, in.Type, value))
		}
	}
	f.Fuzz(func(t *testing.T, n byte, wire []byte) {
		typ := typeAt(n)
		value, ok := datum.AppendFromWire(nil, typ, wire)
		if !ok || typ == datum.JSONB || typ.Elem() == datum.JSONB { // whose text is believed
			return
		}
		if !datum.ValidValue(value, typ) {
			t.Fatalf("%v %x is read as %x", typ, wire, value)
		}
		again, ok := datum.AppendFromWire(nil, typ, datum.AppendWire(nil, typ, value))
		if !ok || !bytes.Equal(again, value) {
			t.Fatalf("%v %x is read as %x, then as %x, %v", typ, wire, value, again, ok)
		}
	})
}

// FuzzFromMemory: no bytes make reading PostgreSQL's memory panic.
func FuzzFromMemory(f *testing.F) {
	array := func(words ...uint32) []byte {
		b := []byte{0, 0, 0, 0}
		for _, w := range words {
			b = binary.LittleEndian.AppendUint32(b, w)
		}
		binary.LittleEndian.PutUint32(b, uint32(len(b))<<2)
		return b
	}
	for i := range datum.AllTypes() {
		f.Add(byte(i), array(1, 0, 23, 2, 1, 7, 8))
		f.Add(byte(i), array(1, 28, 23, 2, 1, 1, 7))
		f.Add(byte(i), array(0x20000001, 0x80000001, 0x40000000, 'a'))
		f.Add(byte(i), array(0x50000001, 0x80000001, 'a'))
		f.Add(byte(i), make([]byte, 16))
	}
	f.Fuzz(func(t *testing.T, n byte, data []byte) {
		typ := typeAt(n)
		value, ok := datum.AppendFromMemory(nil, typ, data)
		if ok && !datum.ValidValue(value, typ) {
			t.Fatalf("%v %x is read as %x", typ, data, value)
		}
	})
}
