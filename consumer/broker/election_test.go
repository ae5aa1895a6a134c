package broker

import (
	"errors"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
)

// TestListWaitsForLeader: a partition that was just created has no leader for a
// moment; asking for its offsets waits for it instead of failing.
func TestListWaitsForLeader(t *testing.T) {
	asked := 0
	got, err := list(t.Context(), "new", "end", func() (kadm.ListedOffsets, error) {
		asked++
		if asked < 3 {
			return nil, &kadm.ShardErrors{Name: "ListOffsets", Errs: []kadm.ShardError{{Err: kerr.LeaderNotAvailable}}}
		}
		return kadm.ListedOffsets{"new": {0: {Topic: "new", Offset: 7}}}, nil
	})
	if err != nil || got[0] != 7 || asked != 3 {
		t.Fatalf("got %v, %v after asking %d times", got, err, asked)
	}
	_, err = list(t.Context(), "new", "end", func() (kadm.ListedOffsets, error) { return nil, kerr.TopicAuthorizationFailed })
	if !errors.Is(err, kerr.TopicAuthorizationFailed) {
		t.Fatalf("got %v", err)
	}
}
