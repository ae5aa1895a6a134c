package command

import (
	"fmt"
	"strconv"
	"strings"
)

// counts is a flag of numbers with commas between them. Unlike pflag's own list it
// takes "" for none, which leaves a part of a scene out.
type counts struct{ into *[]int }

func (c counts) Set(text string) error {
	*c.into = []int{}
	if text == "" {
		return nil
	}
	for _, part := range strings.Split(text, ",") {
		n, err := strconv.Atoi(part)
		if err != nil {
			return fmt.Errorf("%q is not a number", part)
		}
		*c.into = append(*c.into, n)
	}
	return nil
}

// Type is the word that the help has for the value.
func (counts) Type() string { return "ints" }

// String is the value as the help prints a default.
func (c counts) String() string {
	if c.into == nil {
		return "[]"
	}
	return strings.ReplaceAll(fmt.Sprint(*c.into), " ", ",")
}
