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
	if err.Detail != "" {
		reason += ": " + err.Detail
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
	return &kgo.Record{Topic: s.DeadLetters, Partition: 0, Key: r.Key, Value: r.Value, Headers: headers}
}
