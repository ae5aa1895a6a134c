package datum

// At returns the element that subscripts lead to, counted by the array's bounds;
// ok is false, for NULL, outside of them, where their number is not that of the
// dimensions, and where the element is NULL.
func (a Array) At(subscripts []int64) (element []byte, ok bool) {
	if len(subscripts) != a.Dimensions() || len(subscripts) == 0 {
		return nil, false
	}
	place := 0
	for d, s := range subscripts {
		at := s - int64(a.Lower(d))
		if at < 0 || at >= int64(a.Length(d)) {
			return nil, false
		}
		place = place*a.Length(d) + int(at)
	}
	e := a.Elements()
	for ; place > 0; place-- {
		e.Next()
	}
	element, null, _ := e.Next()
	return element, !null
}

// Has reports whether an element equals a value of the elements' type.
func (a Array) Has(elem Type, value []byte) bool {
	for e := a.Elements(); ; {
		element, null, more := e.Next()
		if !more {
			return false
		}
		if !null && CompareValues(elem, element, value) == 0 {
			return true
		}
	}
}

// Contains is anyarray @> anyarray: every element of the other equals one of a's,
// which none that is NULL does.
func (a Array) Contains(elem Type, other Array) bool {
	for e := other.Elements(); ; {
		element, null, more := e.Next()
		if !more {
			return true
		}
		if null || !a.Has(elem, element) {
			return false
		}
	}
}

// Overlaps is anyarray && anyarray.
func (a Array) Overlaps(elem Type, other Array) bool {
	for e := other.Elements(); ; {
		element, null, more := e.Next()
		if !more {
			return false
		}
		if !null && a.Has(elem, element) {
			return true
		}
	}
}
