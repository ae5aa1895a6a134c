package expr

import "github.com/millrace/millrace/aggregator/datum"

// try3 is try1 for three arguments.
func try3[A, B, C, R any](f func(A, B, C) (R, *datum.Error)) kernel {
	a, b, third, write := readerOf[A](), readerOf[B](), readerOf[C](), writerOf[R]()
	return func(c *call, rows []int32) {
		for _, r := range rows {
			x, err := f(a(c.in[0], r), b(c.in[1], r), third(c.in[2], r))
			if err != nil {
				c.fail(r, err)
				continue
			}
			write(c, r, x)
		}
	}
}

// try4 is try1 for four arguments.
func try4[A, B, C, D, R any](f func(A, B, C, D) (R, *datum.Error)) kernel {
	a, b, third, fourth, write := readerOf[A](), readerOf[B](), readerOf[C](), readerOf[D](), writerOf[R]()
	return func(c *call, rows []int32) {
		for _, r := range rows {
			x, err := f(a(c.in[0], r), b(c.in[1], r), third(c.in[2], r), fourth(c.in[3], r))
			if err != nil {
				c.fail(r, err)
				continue
			}
			write(c, r, x)
		}
	}
}

// append1 is the kernel of a function that appends its result to what it is given.
func append1[A any](f func(dst []byte, a A) []byte) kernel {
	a := readerOf[A]()
	return func(c *call, rows []int32) {
		for _, r := range rows {
			start := len(c.out.Arena)
			c.out.Arena = f(c.out.Arena, a(c.in[0], r))
			c.ended(r, start)
		}
	}
}
