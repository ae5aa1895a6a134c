package expr

import (
	"time"

	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
)

// This file makes kernels out of functions of one row. They cost an indirect
// call or two for each row; what is hot on everybody's path (comparisons and
// arithmetic of ints and floats) has loops of its own instead.

// reader and writer move one row's value between a vector and Go.
type (
	reader[T any] func(v *column.Vector, r int32) T
	writer[T any] func(c *call, r int32, x T)
)

// readerOf returns the reader for a Go type: int64, bool, float64, datum.Span,
// []byte or datum.Decimal. Bytes point into the vector.
func readerOf[T any]() reader[T] {
	var f any
	switch any((*T)(nil)).(type) {
	case *int64:
		f = reader[int64](func(v *column.Vector, r int32) int64 { return v.Ints[r] })
	case *bool:
		f = reader[bool](func(v *column.Vector, r int32) bool { return v.Ints[r] != 0 })
	case *float64:
		f = reader[float64](func(v *column.Vector, r int32) float64 { return v.Floats[r] })
	case *datum.Span:
		f = reader[datum.Span](func(v *column.Vector, r int32) datum.Span { return v.Spans[r] })
	case *[]byte:
		f = reader[[]byte](func(v *column.Vector, r int32) []byte { return v.Bytes(int(r)) })
	case *datum.Decimal:
		f = reader[datum.Decimal](func(v *column.Vector, r int32) datum.Decimal { return datum.DecodeDecimal(v.Bytes(int(r))) })
	}
	return f.(reader[T])
}

// writerOf returns the writer for a Go type. Bytes are copied.
func writerOf[T any]() writer[T] {
	var f any
	switch any((*T)(nil)).(type) {
	case *int64:
		f = writer[int64](func(c *call, r int32, x int64) { c.out.Ints[r] = x })
	case *bool:
		f = writer[bool](func(c *call, r int32, x bool) { c.out.SetBool(int(r), x) })
	case *float64:
		f = writer[float64](func(c *call, r int32, x float64) { c.out.Floats[r] = x })
	case *datum.Span:
		f = writer[datum.Span](func(c *call, r int32, x datum.Span) { c.out.Spans[r] = x })
	case *[]byte:
		f = writer[[]byte](func(c *call, r int32, x []byte) {
			start := len(c.out.Arena)
			c.out.Arena = append(c.out.Arena, x...)
			c.ended(r, start)
		})
	case *datum.Decimal:
		f = writer[datum.Decimal](func(c *call, r int32, x datum.Decimal) {
			start := len(c.out.Arena)
			c.out.Arena = datum.AppendDecimal(c.out.Arena, x)
			c.ended(r, start)
		})
	}
	return f.(writer[T])
}

// map1 is the kernel of a function of one argument that cannot fail.
func map1[A, R any](f func(A) R) kernel {
	read, write := readerOf[A](), writerOf[R]()
	return func(c *call, rows []int32) {
		for _, r := range rows {
			write(c, r, f(read(c.in[0], r)))
		}
	}
}

// map2 is map1 for two arguments.
func map2[A, B, R any](f func(A, B) R) kernel {
	a, b, write := readerOf[A](), readerOf[B](), writerOf[R]()
	return func(c *call, rows []int32) {
		for _, r := range rows {
			write(c, r, f(a(c.in[0], r), b(c.in[1], r)))
		}
	}
}

// try1 is the kernel of a function of one argument that may fail.
func try1[A, R any](f func(A) (R, *datum.Error)) kernel {
	read, write := readerOf[A](), writerOf[R]()
	return func(c *call, rows []int32) {
		for _, r := range rows {
			x, err := f(read(c.in[0], r))
			if err != nil {
				c.fail(r, err)
				continue
			}
			write(c, r, x)
		}
	}
}

// try2 is try1 for two arguments.
func try2[A, B, R any](f func(A, B) (R, *datum.Error)) kernel {
	a, b, write := readerOf[A](), readerOf[B](), writerOf[R]()
	return func(c *call, rows []int32) {
		for _, r := range rows {
			x, err := f(a(c.in[0], r), b(c.in[1], r))
			if err != nil {
				c.fail(r, err)
				continue
			}
			write(c, r, x)
		}
	}
}

// zoned1 is try1 for a function that depends on the time zone.
func zoned1[A, R any](f func(A, *time.Location) (R, *datum.Error)) kernel {
	read, write := readerOf[A](), writerOf[R]()
	return func(c *call, rows []int32) {
		for _, r := range rows {
			x, err := f(read(c.in[0], r), c.env.Zone)
			if err != nil {
				c.fail(r, err)
				continue
			}
			write(c, r, x)
		}
	}
}

// zoned2 is try2 for a function that depends on the time zone.
func zoned2[A, B, R any](f func(A, B, *time.Location) (R, *datum.Error)) kernel {
	a, b, write := readerOf[A](), readerOf[B](), writerOf[R]()
	return func(c *call, rows []int32) {
		for _, r := range rows {
			x, err := f(a(c.in[0], r), b(c.in[1], r), c.env.Zone)
			if err != nil {
				c.fail(r, err)
				continue
			}
			write(c, r, x)
		}
	}
}

// swapped is a kernel of two arguments with its arguments exchanged.
func swapped(k kernel) kernel {
	return func(c *call, rows []int32) {
		c.in[0], c.in[1] = c.in[1], c.in[0]
		k(c, rows)
	}
}

// same is the identity on vectors of any type.
func same(c *call, rows []int32) { copyRows(&c.out, c.in[0], rows) }
