package topology

import (
	"bufio"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func viewID(n byte) ViewID { return ViewID{0: n, 15: n} }

func TestOf(t *testing.T) {
	s := Positions{Revision: 5, Live: 100, Behind: []Lagging{{At: 40, Views: []ViewID{viewID(1)}}, {At: 250, Views: []ViewID{viewID(2)}}}}
	starts := map[Partition]int64{3: 70}
	for _, c := range []struct {
		what string
		view View
		at   int64
		live bool
	}{
		{"listed", View{ID: viewID(1), Created: 2, Starts: starts}, 40, false},
		{"listed ahead", View{ID: viewID(2), Created: 5, Starts: starts}, 250, false},
		{"listed, though the writer's catalog was older", View{ID: viewID(1), Created: 9, Starts: starts}, 40, false},
		{"known and not listed", View{ID: viewID(3), Created: 5, Starts: starts}, 100, true},
		{"created later", View{ID: viewID(4), Created: 6, Starts: starts}, 70, false},
		{"created later, partition younger than the view", View{ID: viewID(4), Created: 6}, 0, false},
	} {
		if at, live := s.Of(&c.view, 3); at != c.at || live != c.live {
			t.Errorf("%s: at %d, live %v", c.what, at, live)
		}
	}
}

// TestGoldenPositions decodes what earlier versions wrote, and writes it again.
func TestGoldenPositions(t *testing.T) {
	file, err := os.Open("testdata/wire/positions.v1.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	n := 0
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if strings.HasPrefix(lines.Text(), "#") {
			continue
		}
		n++
		fields := strings.Split(lines.Text(), "\t") // offset, metadata, what it means
		offset, err := strconv.ParseInt(fields[0], 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		s, err := DecodePositions(offset, fields[1])
		if err != nil {
			t.Fatal(err)
		}
		if got := describe(s); got != fields[2] {
			t.Errorf("%s means %q, want %q", fields[1], got, fields[2])
		}
		if again, err := s.Encode(); err != nil || again != fields[1] {
			t.Errorf("%s is now written as %s (%v)", fields[1], again, err)
		}
	}
	if n != 4 {
		t.Fatalf("%d golden positions, want 4", n)
	}
}

func describe(s Positions) string {
	b := fmt.Sprintf("revision %d live %d", s.Revision, s.Live)
	for _, l := range s.Behind {
		b += fmt.Sprintf(", at %d", l.At)
		for _, v := range l.Views {
			b += fmt.Sprintf(" %x", v[:])
		}
	}
	return b
}

func TestDecodeRefuses(t *testing.T) {
	a, b := viewID(1).String(), viewID(2).String()
	for _, metadata := range []string{
		"", "x", "1", "2;7", "1;", "1;-1", "1;+7", "1;07", "1; 7", "1;7;", "1;7;40", "1;7;40:", "1;7;:" + a, "1;7;-3:" + a,
		"1;7;40:" + a + "x", "1;7;40:" + a + ".", "1;7;40:" + a[:21] + "\n", "1;7;40:" + b + "." + a, "1;7;40:" + a + "." + a,
		"1;7;40:" + a + ";40:" + b, "1;7;41:" + a + ";40:" + b, "1;7;40:" + a + ";41:" + a, "1;7;40:" + a[:21] + "B",
		"1;7;99999999999999999999:" + a, "1;7;" + strings.Repeat(";", MaxMetadata),
	} {
		if s, err := DecodePositions(1, metadata); err == nil {
			t.Errorf("%.60q was read as %+v", metadata, s)
		}
	}
	if _, err := DecodePositions(-1, "1;7"); err == nil {
		t.Error("a negative offset was taken")
	}
}

func TestEncodeRefuses(t *testing.T) {
	for _, s := range []Positions{
		{Revision: -1},
		{Live: -1},
		{Behind: []Lagging{{At: -1, Views: []ViewID{viewID(1)}}}},
		{Behind: []Lagging{{At: 1, Views: []ViewID{viewID(1)}}, {At: 2, Views: []ViewID{viewID(1)}}}},
	} {
		if text, err := s.Encode(); err == nil {
			t.Errorf("%+v was written as %q", s, text)
		}
	}
}

// TestEncodeOrders gives the same positions in another order, split otherwise.
func TestEncodeOrders(t *testing.T) {
	a := Positions{Revision: 1, Behind: []Lagging{{At: 9, Views: []ViewID{viewID(2), viewID(1)}}, {At: 3, Views: []ViewID{viewID(3)}}, {At: 4}}}
	b := Positions{Revision: 1, Behind: []Lagging{{At: 3, Views: []ViewID{viewID(3)}}, {At: 9, Views: []ViewID{viewID(1)}}, {At: 9, Views: []ViewID{viewID(2)}}}}
	textA, errA := a.Encode()
	textB, errB := b.Encode()
	if errA != nil || errB != nil || textA != textB {
		t.Fatalf("%q (%v) and %q (%v)", textA, errA, textB, errB)
	}
}

func TestMaxLaggingFits(t *testing.T) {
	s := Positions{Revision: math.MaxInt64, Live: math.MaxInt64}
	for i := range MaxLagging {
		s.Behind = append(s.Behind, Lagging{At: math.MaxInt64 - int64(i), Views: []ViewID{viewID(byte(i))}})
	}
	text, err := s.Encode()
	if err != nil || len(text) > MaxMetadata || !s.Fits() {
		t.Fatalf("%d lagging views: %d bytes, %v", MaxLagging, len(text), err)
	}
	if back, err := DecodePositions(s.Live, text); err != nil || len(back.Behind) != MaxLagging {
		t.Fatalf("back: %v", err)
	}
	s.Behind = append(s.Behind, Lagging{At: math.MaxInt64 - int64(MaxLagging), Views: []ViewID{viewID(255)}})
	if _, err := s.Encode(); err == nil || s.Fits() {
		t.Fatal("one more fits too: MaxLagging is too small")
	}
}

// TestFitsIsExact compares Fits with the length of what is written.
func TestFitsIsExact(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	for range 300 {
		s := Positions{Revision: Revision(random.Int64N(1 << 40)), Live: random.Int64()}
		positions := random.IntN(120)
		for range random.IntN(220) {
			s.Behind = append(s.Behind, Lagging{At: int64(random.IntN(positions + 1)), Views: []ViewID{randomView(random)}})
		}
		text, err := s.Encode()
		if fits := err == nil; fits != s.Fits() || fits && len(text) > MaxMetadata {
			t.Fatalf("Fits says %v of %d bytes (%v)", s.Fits(), len(text), err)
		}
	}
}

func FuzzDecodePositions(f *testing.F) {
	f.Add(int64(7), "1;7")
	f.Add(int64(7), "1;12;40:"+viewID(1).String()+"."+viewID(2).String()+";55:"+viewID(3).String())
	f.Add(int64(7), "1;12;40:"+viewID(1).String()+"\n")
	f.Fuzz(func(t *testing.T, offset int64, metadata string) {
		s, err := DecodePositions(offset, metadata)
		if err != nil {
			return
		}
		if again, err := s.Encode(); err != nil || again != metadata {
			t.Fatalf("%q is written as %q (%v)", metadata, again, err)
		}
		back, err := DecodePositions(offset, metadata)
		if err != nil || !reflect.DeepEqual(back, s) {
			t.Fatalf("%q is read as %+v and as %+v (%v)", metadata, s, back, err)
		}
		if !slices.IsSortedFunc(s.Behind, func(a, b Lagging) int { return int(min(1, max(-1, a.At-b.At))) }) {
			t.Fatalf("%q is out of order", metadata)
		}
	})
}
