package topology

import (
	"errors"
	"testing"
)

// TestOneStreamPerTopic: two streams over one topic would share its partitions'
// committed offsets, and the views of one would stand where those of the other do.
func TestOneStreamPerTopic(t *testing.T) {
	c := NewCatalog()
	c.Apply(&Record{Revision: 1, Operation: "a", Kind: KindStream, Name: "one", Stream: &Stream{Name: "one", Topic: "events"}})
	_, err := c.CreateStream(&Stream{Name: "two", Topic: "events"}, false)
	var conflict *Conflict
	if !errors.As(err, &conflict) || conflict.Code != CodeInUse {
		t.Fatalf("got %v, want %s", err, CodeInUse)
	}
	if _, err := c.CreateStream(&Stream{Name: "two", Topic: "others"}, false); err != nil {
		t.Fatal(err)
	}
}
