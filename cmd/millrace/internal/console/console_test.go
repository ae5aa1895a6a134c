package console

import (
	"bytes"
	"testing"
)

func TestNumber(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", 200000: "200,000", 1234567: "1,234,567", -1234: "-1,234"} {
		if got := Number(n); got != want {
			t.Errorf("%d is written %s", n, got)
		}
	}
}

func TestBar(t *testing.T) {
	for share, want := range map[float64]string{-1: "[                              ]", 0.5: "[===============               ]", 2: "[==============================]"} {
		if got := Bar(share); got != want {
			t.Errorf("%v is %s", share, got)
		}
	}
}

func TestNothingIsDrawnOffATerminal(t *testing.T) {
	var out bytes.Buffer
	c := New(&out)
	c.Draw("a block\n")
	c.Clear()
	c.Printf("%s", c.Green("plain"))
	if out.String() != "plain" || c.Terminal() {
		t.Errorf("wrote %q", out.String())
	}
}

func TestDrawsInPlaceOnATerminal(t *testing.T) {
	var out bytes.Buffer
	c := &Console{w: &out, terminal: true, size: func() (int, int) { return 8, 4 }}
	c.Draw("one\ntwo\n")
	c.Draw("a line too long\nb\nc\nbelow the screen\n")
	c.Keep()
	c.Draw("next")
	want := "\r\x1b[Kone\n\r\x1b[Ktwo\n\x1b[J" +
		"\x1b[2A\r\x1b[Ka line \n\r\x1b[Kb\n\r\x1b[Kc\n\x1b[J" +
		"\r\x1b[Knext\n\x1b[J"
	if out.String() != want {
		t.Errorf("wrote %q", out.String())
	}
}
