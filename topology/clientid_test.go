package topology

import "testing"

func TestNodeOfClient(t *testing.T) {
	for _, node := range []string{"a", "node-2", "a_b"} {
		if got, ok := NodeOfClient("c", ClientID("c", node)); !ok || got != node {
			t.Errorf("node %q: %q, %v", node, got, ok)
		}
	}
	for _, id := range []string{"", "c.a", "millrace.c.", "millrace.c2.a", "millrace.a", "kgo", "x.millrace.c.a"} {
		if node, ok := NodeOfClient("c", id); ok {
			t.Errorf("client %q is taken for node %q", id, node)
		}
	}
}
