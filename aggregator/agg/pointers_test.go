package agg_test

import (
	"reflect"
	"testing"

	"github.com/millrace/millrace/aggregator/agg"
)

// TestNoPointersPerGroup: whatever an accumulator keeps in a slice, an element
// for a group, must be invisible to the garbage collector.
func TestNoPointersPerGroup(t *testing.T) {
	for _, f := range agg.All() {
		a := reflect.ValueOf(f.New()).Elem()
		if slices := flat(t, f.Name, a.Type()); slices == 0 {
			t.Errorf("%s keeps no slice: where is its state?", f.Name)
		}
	}
}

// flat checks a struct that exists once per accumulator and counts its slices.
func flat(t *testing.T, path string, typ reflect.Type) (slices int) {
	t.Helper()
	for i := range typ.NumField() {
		field := typ.Field(i)
		switch name := path + "." + field.Name; field.Type.Kind() {
		case reflect.Struct:
			slices += flat(t, name, field.Type)
		case reflect.Slice:
			slices++
			if pointers(field.Type.Elem()) {
				t.Errorf("%s is %v: an element holds a pointer", name, field.Type)
			}
		case reflect.Pointer: // one per accumulator, to what it shares with others
			slices += flat(t, name, field.Type.Elem())
		case reflect.Map, reflect.Interface, reflect.Chan, reflect.String:
			t.Errorf("%s is %v", name, field.Type)
		}
	}
	return slices
}

// pointers reports whether a value of a type holds a pointer.
func pointers(typ reflect.Type) bool {
	switch typ.Kind() {
	case reflect.Array:
		return pointers(typ.Elem())
	case reflect.Struct:
		for i := range typ.NumField() {
			if pointers(typ.Field(i).Type) {
				return true
			}
		}
		return false
	}
	return typ.Kind() < reflect.Bool || typ.Kind() > reflect.Complex128 || typ.Kind() == reflect.Uintptr
}
