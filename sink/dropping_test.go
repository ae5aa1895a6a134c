package sink_test

import (
	"errors"
	"testing"

	"github.com/millrace/millrace/aggregator"
	"github.com/millrace/millrace/aggregator/partial"
	"github.com/millrace/millrace/sink"
	"github.com/millrace/millrace/sink/schema"
)

// TestFoldOfRangesMeetsDrop folds ranges that bring a view no rows while the view is
// dropped: whoever comes first, the fold finds the view gone or the drop finds
// its ledger. Nothing of the view is left.
func TestFoldOfRangesMeetsDrop(t *testing.T) {
	url := newDatabase(t, "")
	s, other := openStore(t, url), openStore(t, url)
	observer := connect(t, url)
	setup := func(name string) (c *aggregator.Claim, spec schema.ViewSpec, fold func() error) {
		spec = makeView(t, s, name, countAndSum())
		c = claim(t, s)
		return c, spec, func() error {
			applied := []aggregator.Applied{{View: spec.ID, Range: partial.Range{To: 5}}}
			_, err := s.Fold(t.Context(), c, &aggregator.Fold{Topic: c.Topic, From: c.Position, To: c.Position + 1, Applied: applied})
			return err
		}
	}
	ledger := "SELECT count(*) FROM millrace.ledger"

	_, spec, fold := setup("dropped")
	person := connect(t, url)
	execute(t, person, "BEGIN")
	execute(t, person, "DELETE FROM millrace.views WHERE id = $1", [16]byte(spec.ID))
	done := outcome(fold)
	waitFor(t, observer, "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE 'WITH held%'")
	execute(t, person, "COMMIT")
	var gone *sink.ViewError
	if err := <-done; !errors.As(err, &gone) || gone.View != spec.ID {
		t.Fatalf("the view was dropped while the fold waited: %v", err)
	}
	equal(t, text(t, observer, ledger), "0")

	_, spec, fold = setup("folded")
	person = connect(t, url)
	execute(t, person, "BEGIN")
	execute(t, person, "SELECT FROM millrace.views WHERE id = $1 FOR KEY SHARE", [16]byte(spec.ID))
	execute(t, person, `INSERT INTO millrace.ledger (cluster, topic, partition, view, shard, input_topic, input_partition, from_offset, to_offset, max_time, continued_from)
		SELECT cluster, 'partials', 0, id, 0, id, 0, 0, 5, 0, 0 FROM millrace.views WHERE id = $1`, [16]byte(spec.ID))
	dropped := outcome(func() error { return other.DropView(t.Context(), spec.ID, false) })
	waitFor(t, observer, "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE 'DELETE FROM millrace.views%'")
	execute(t, person, "COMMIT")
	if err := <-dropped; err != nil {
		t.Fatal(err)
	}
	equal(t, text(t, observer, ledger), "0")
	if err := fold(); !errors.As(err, &gone) {
		t.Fatalf("the view is dropped: %v", err)
	}
	equal(t, text(t, observer, ledger), "0")
}
