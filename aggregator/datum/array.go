package datum

import "encoding/binary"

// Array is an array value as vectors keep it:
//
//	number of dimensions, a byte, 0 (empty) to 6
//	for each dimension      int32 length, at least 1 | int32 lower bound
//	for each element        int32 length, -1 for NULL | the element
//
// all big-endian, elements in row-major order. An element of a type with the
// physical layout PhysInt or PhysFloat is 8 bytes (int64, IEEE 754 bits), an
// interval 16 (int64 microseconds, int32 days, int32 months); others are what
// stands in a vector's arena. It is no more than a view of the bytes.
type Array []byte

// MaxDimensions is PostgreSQL's MAXDIM.
const MaxDimensions = 6

// Dimensions returns how many dimensions the array has, 0 for an empty one.
func (a Array) Dimensions() int { return int(a[0]) }

// Length returns a dimension's length; the first is 0.
func (a Array) Length(dimension int) int { return int(a.int32(1 + 8*dimension)) }

// Lower returns a dimension's lower bound; the first is 0.
func (a Array) Lower(dimension int) int { return int(a.int32(5 + 8*dimension)) }

func (a Array) int32(at int) int32 { return int32(binary.BigEndian.Uint32(a[at:])) }

// Len returns the number of elements in all dimensions.
func (a Array) Len() int {
	if a[0] == 0 {
		return 0
	}
	n := 1
	for d := range a.Dimensions() {
		n *= a.Length(d)
	}
	return n
}

// Elements returns the elements in row-major order.
func (a Array) Elements() Elements { return Elements{rest: a[1+8*int(a[0]):]} }

// Elements are the elements of an array that have not been read yet.
type Elements struct{ rest []byte }

// Next returns the next element, nil with null set for NULL; ok is false behind
// the last one. The element points into the array.
func (e *Elements) Next() (element []byte, null, ok bool) {
	if len(e.rest) < 4 {
		return nil, false, false
	}
	n := int32(binary.BigEndian.Uint32(e.rest))
	e.rest = e.rest[4:]
	if n < 0 {
		return nil, true, true
	}
	element, e.rest = e.rest[:n:n], e.rest[n:]
	return element, false, true
}

// ArrayBuilder writes an [Array]: begin, then each element.
type ArrayBuilder struct{ Bytes []byte }

// Begin starts an array with dimensions; none makes it empty.
func (b *ArrayBuilder) Begin(dst []byte, lengths, lowers []int32) {
	b.Bytes = append(dst, byte(len(lengths)))
	for i := range lengths {
		b.Bytes = binary.BigEndian.AppendUint32(b.Bytes, uint32(lengths[i]))
		b.Bytes = binary.BigEndian.AppendUint32(b.Bytes, uint32(lowers[i]))
	}
}

// Null adds a NULL.
func (b *ArrayBuilder) Null() { b.Bytes = binary.BigEndian.AppendUint32(b.Bytes, ^uint32(0)) }

// Int adds a value of the physical layout PhysInt.
func (b *ArrayBuilder) Int(x int64) {
	b.Bytes = binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint32(b.Bytes, 8), uint64(x))
}

// Element adds a value in the form of [Array]'s elements.
func (b *ArrayBuilder) Element(x []byte) {
	b.Bytes = append(binary.BigEndian.AppendUint32(b.Bytes, uint32(len(x))), x...)
}

// Read adds the element that a text means to in, an array's input.
func (b *ArrayBuilder) Read(in *Input, text []byte) (err *Error) {
	at := len(b.Bytes)
	b.Null()
	if b.Bytes, err = in.AppendElement(b.Bytes, text); err == nil {
		b.setLength(at)
	}
	return err
}

// setLength sets the length of the element that ends the array and begins behind at.
func (b *ArrayBuilder) setLength(at int) {
	binary.BigEndian.PutUint32(b.Bytes[at:], uint32(len(b.Bytes)-at-4))
}
