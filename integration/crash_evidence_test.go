package integration

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace/millrace/aggregator/partial"
)

// evidence writes what was published into a file that outlives the test, for whoever
// looks for the cause of a fault: each flush once, by whom and when, with what
// it covers; and which lane had which producer's id last.
func (x *crash) evidence() {
	x.t.Helper()
	ctx, cancel := context.WithTimeout(x.t.Context(), time.Minute)
	defer cancel()
	x.broker.hanging(x.broker.partials())
	var lines []string
	seen := map[string]bool{}
	x.broker.read(ctx, x.broker.partials(), func(r *kgo.Record) {
		block, err := partial.Header(r.Value)
		if err != nil {
			return
		}
		flush := fmt.Sprintf("%v/%d", block.Flush.Lane, block.Flush.Seq)
		key := fmt.Sprintf("%s %d", flush, r.ProducerID)
		if seen[key] {
			return
		}
		seen[key] = true
		var ranges []string
		for _, c := range block.Ranges {
			ranges = append(ranges, fmt.Sprintf("%d [%d, %d)", c.Partition, c.From, c.To))
		}
		lines = append(lines, fmt.Sprintf("%s flush %s producer %d epoch %d at %d/%d covers %s", r.Timestamp.UTC().Format("15:04:05.000"),
			flush, r.ProducerID, r.ProducerEpoch, r.Partition, r.Offset, strings.Join(ranges, ", ")))
	})
	slices.Sort(lines)
	file := filepath.Join(os.TempDir(), "millrace-"+x.c.Name+"-flushes.log")
	if err := os.WriteFile(file, []byte(strings.Join(lines, "\n")+"\n"), 0o644); err != nil {
		x.t.Fatal(err)
	}
	x.say("what was published: %s", file)
}
