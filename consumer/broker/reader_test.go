package broker

import (
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"go.uber.org/goleak"
)

// firstOf calls a function once, when the first record of a partition has been
// fetched and before the client counts it as such.
type firstOf struct {
	partition int32
	once      *sync.Once
	do        func()
}

func (f firstOf) OnFetchRecordBuffered(r *kgo.Record) {
	if r.Partition == f.partition {
		f.once.Do(f.do)
	}
}

// TestCloseReaderWhileItBeginsToRead closes a reader that is told of a second
// partition's leader while it closes. Without the care that is taken a goroutine
// of the client stays for ever: the fetch of that partition comes when nobody
// looks for it any more.
func TestCloseReaderWhileItBeginsToRead(t *testing.T) {
	cluster, cfg := fake(t, kfake.NumBrokers(2), kfake.SeedTopics(2, "events"))
	for p := range int32(2) { // each led by a broker of its own
		if err := cluster.MoveTopicPartition("events", p, p); err != nil {
			t.Fatal(err)
		}
	}
	fill(t, cfg, "events", 2)
	others := goleak.IgnoreCurrent()
	fetched, closed := make(chan struct{}), make(chan struct{})
	reader, err := NewClient(cfg, quiet(), kgo.MaxConcurrentFetches(2), kgo.FetchMaxWait(10*time.Millisecond), kgo.MetadataMinAge(10*time.Millisecond),
		kgo.WithHooks(firstOf{1, new(sync.Once), func() {
			close(fetched)
			either(closed, closed)
		}}))
	if err != nil {
		t.Fatal(err)
	}
	session, ending := make(chan struct{}), make(chan struct{})
	once := [2]sync.Once{}
	cluster.ControlKey(kmsg.Fetch.Int16(), func(r kmsg.Request) (kmsg.Response, error, bool) {
		cluster.KeepControl()
		switch req := r.(*kmsg.FetchRequest); {
		case req.SessionID != 0 && req.SessionEpoch > 0:
			once[0].Do(func() { close(session) })
		case req.SessionID != 0: // it is closed: the reader's Close waits for the answer
			once[1].Do(func() { close(ending) })
			cluster.SleepControl(func() { either(fetched, closed) })
		}
		return nil, nil, false
	})
	start := kgo.NewOffset().At(0)
	reader.AddConsumePartitions(map[string]map[int32]kgo.Offset{"events": {0: start}})
	reader.PollRecords(testContext(t), 1)
	if !either(session, session) {
		t.Fatalf("no session of fetches within %v", patience)
	}
	cluster.ControlKey(kmsg.Metadata.Int16(), func(kmsg.Request) (kmsg.Response, error, bool) {
		cluster.SleepControl(func() { either(ending, closed) })
		return nil, nil, false
	})
	reader.AddConsumePartitions(map[string]map[int32]kgo.Offset{"events": {1: start}})
	CloseReader(reader, map[string][]int32{"events": {0, 1}})
	close(closed)
	if err := goleak.Find(others); err != nil {
		t.Error(err)
	}
}

// either waits for the first of two, no longer than patience; false when neither
// came.
func either(a, b <-chan struct{}) bool {
	select {
	case <-a:
		return true
	case <-b:
		return true
	case <-time.After(patience):
		return false
	}
}

// fill produces a record to each of a topic's partitions.
func fill(t *testing.T, cfg Config, topic string, partitions int32) {
	t.Helper()
	producer, err := NewClient(cfg, quiet(), kgo.RecordPartitioner(kgo.ManualPartitioner()))
	if err != nil {
		t.Fatal(err)
	}
	defer producer.Close()
	for p := range partitions {
		if err := producer.ProduceSync(testContext(t), &kgo.Record{Topic: topic, Partition: p, Value: []byte("x")}).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
}
