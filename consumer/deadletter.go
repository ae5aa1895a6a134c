package consumer

import (
	"strconv"
	"strings"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/topology"
)

// Headers of a dead letter. The record's own key, value and headers are kept as
// they were; these come after its headers.
const (
	HeaderReason    = "millrace.reason"    // what was wrong, one line
	HeaderCode      = "millrace.sqlstate"  // its SQLSTATE
	HeaderStage     = "millrace.stage"     // "decode" or "evaluate"
	HeaderTopic     = "millrace.topic"     // where the record is from
	HeaderPartition = "millrace.partition" // decimal
	HeaderOffset    = "millrace.offset"    // decimal
	HeaderViews     = "millrace.views"     // the views that miss the record, by comma
	HeaderTime      = "millrace.timestamp" // the record's own, ms since 1970
	HeaderCut       = "millrace.cut"       // only where the value was cut: its whole length, decimal
)

// maxReason bounds the reason's length: values may stand in it.
const maxReason = 1000

// deadLetter makes the record for a stream's dead-letter topic.
func deadLetter(s *topology.Stream, r *kgo.Record, views []string, err *datum.Error, decoding bool) *kgo.Record {
	stage := "evaluate"
	if decoding {
		stage = "decode"
	}
	reason := err.Message
	for _, more := range []string{err.Detail, err.Hint} {
		if more != "" {
			reason += ": " + more
		}
	}
	if len(reason) > maxReason {
		reason = strings.ToValidUTF8(reason[:maxReason], "") + "…"
	}
	header := func(key, value string) kgo.RecordHeader { return kgo.RecordHeader{Key: key, Value: []byte(value)} }
	headers := append(append([]kgo.RecordHeader{}, r.Headers...),
		header(HeaderReason, reason),
		header(HeaderCode, err.Code),
		header(HeaderStage, stage),
		header(HeaderTopic, r.Topic),
		header(HeaderPartition, strconv.Itoa(int(r.Partition))),
		header(HeaderOffset, strconv.FormatInt(r.Offset, 10)),
		header(HeaderViews, strings.Join(views, ",")),
		header(HeaderTime, strconv.FormatInt(r.Timestamp.UnixMilli(), 10)),
	)
	d := &kgo.Record{Topic: s.DeadLetters, Partition: 0, Key: r.Key, Value: r.Value, Headers: headers}
	fit(d, len(r.Headers))
	return d
}

// fit cuts a dead letter that no topic would take: it would fail every flush
// from then on. The input topic may take more than ours, and the headers come
// on top; its position tells where all of it is. The first own headers are the
// record's.
func fit(d *kgo.Record, own int) {
	size := len(d.Key) + len(d.Value)
	for _, h := range d.Headers {
		size += len(h.Key) + len(h.Value) + headerOverhead
	}
	if size <= blockLimit {
		return
	}
	whole := len(d.Value)
	size -= whole
	if size > blockLimit/2 { // it is not the value that is too long
		d.Key, d.Headers = nil, d.Headers[own:]
		size = 0
		for _, h := range d.Headers {
			size += len(h.Key) + len(h.Value) + headerOverhead
		}
	}
	d.Value = d.Value[:min(whole, max(0, blockLimit-size))]
	d.Headers = append(d.Headers, kgo.RecordHeader{Key: HeaderCut, Value: []byte(strconv.Itoa(whole))})
}

// headerOverhead is what a header takes beside its key and value, at most.
const headerOverhead = 10
