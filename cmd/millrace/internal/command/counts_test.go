package command

import (
	"slices"
	"testing"

	"github.com/spf13/pflag"
)

func TestCounts(t *testing.T) {
	for _, tt := range []struct {
		args []string
		want []int
	}{
		{nil, []int{16, 64}},
		{[]string{"--n", "8"}, []int{8}},
		{[]string{"--n=8,32"}, []int{8, 32}},
		{[]string{"--n", ""}, []int{}},
	} {
		n := []int{16, 64}
		flags := pflag.NewFlagSet("", pflag.ContinueOnError)
		flags.Var(counts{&n}, "n", "how many")
		if err := flags.Parse(tt.args); err != nil || !slices.Equal(n, tt.want) {
			t.Errorf("%q: %v, %v, want %v", tt.args, n, err, tt.want)
		}
	}
	var n []int
	if err := (counts{&n}).Set("8,many"); err == nil || err.Error() != `"many" is not a number` {
		t.Errorf("8,many: %v", err)
	}
}
