package flights

import (
	"bufio"
	"encoding/json"
	"testing"
)

func TestEveryLineIsAFlight(t *testing.T) {
	lines, err := Lines()
	if err != nil {
		t.Fatal(err)
	}
	scanner := bufio.NewScanner(lines)
	n, last := 0, ""
	for scanner.Scan() {
		n++
		var flight struct {
			Date, Origin, Destination string
			Delay, Distance           *int
		}
		if err := json.Unmarshal(scanner.Bytes(), &flight); err != nil {
			t.Fatalf("line %d: %v", n, err)
		}
		if flight.Delay == nil || flight.Distance == nil || len(flight.Origin) != 3 || len(flight.Destination) != 3 {
			t.Fatalf("line %d lacks a field: %s", n, scanner.Bytes())
		}
		if flight.Date < last {
			t.Fatalf("line %d is out of order", n)
		}
		last = flight.Date
	}
	if err := scanner.Err(); err != nil || n != Count {
		t.Errorf("%d lines, %v", n, err)
	}
}
