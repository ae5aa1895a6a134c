package bench

import (
	"context"
	"errors"
	"net"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/millrace/millrace/cmd/millrace/internal/embedded"
)

// A client that is given a door meets no broker in any other way, hears nothing
// while the gate is silent, and goes on when it is not.
func TestKafkaDoors(t *testing.T) {
	broker, err := embedded.StartBroker(t.Context(), embedded.BrokerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer broker.Close()
	g := newGate()
	defer func() {
		if err := g.close(); err != nil {
			t.Error(err)
		}
	}()
	doors := &kafkaDoors{gate: g, doors: map[string]string{}}
	door, err := doors.add(broker.Brokers()[0])
	if err != nil {
		t.Fatal(err)
	}
	client, err := kgo.NewClient(kgo.SeedBrokers(door), kgo.DefaultProduceTopic("events"),
		kgo.ConsumerGroup("readers"), kgo.ConsumeTopics("events"), kgo.ConsumeStartOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	admin := kadm.NewClient(client)
	if created, err := admin.CreateTopic(t.Context(), 1, 1, nil, "events"); err != nil || created.Err != nil {
		t.Fatal(err, created.Err)
	}
	if err := client.ProduceSync(t.Context(), kgo.StringRecord("before")).FirstErr(); err != nil {
		t.Fatal(err)
	}
	if records := client.PollFetches(t.Context()).Records(); len(records) != 1 { // through the group's coordinator
		t.Fatalf("read %d records", len(records))
	}
	metadata, err := admin.BrokerMetadata(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range metadata.Brokers {
		if got := hostPort(b.Host, b.Port); got != door {
			t.Errorf("broker %d is said to be at %s, its door is %s", b.NodeID, got, door)
		}
	}
	g.hush()
	impatient, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if err := client.Ping(impatient); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("through a silent gate: %v", err)
	}
	g.listen()
	if err := client.ProduceSync(t.Context(), kgo.StringRecord("after")).FirstErr(); err != nil {
		t.Error(err)
	}
}

// Bytes go through as they are, and the connection ends with either side.
func TestGate(t *testing.T) {
	g := newGate()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	door, err := g.door("tcp", l.Addr().String(), nil)
	if err != nil {
		t.Fatal(err)
	}
	client, err := net.Dial("tcp", door)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Close() }()
	server, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.Write([]byte("question")); err != nil {
		t.Fatal(err)
	}
	buffer := make([]byte, 100)
	if n, err := server.Read(buffer); err != nil || string(buffer[:n]) != "question" {
		t.Errorf("%q %v", buffer[:n], err)
	}
	if err := server.Close(); err != nil {
		t.Fatal(err)
	}
	if n, err := client.Read(buffer); err == nil {
		t.Errorf("read %q of an ended connection", buffer[:n])
	}
	g.hush()
	if err := g.close(); err != nil { // though it is silent
		t.Error(err)
	}
}

// An answer's other fields stay what they are.
func TestRewrite(t *testing.T) {
	k := &kafkaDoors{doors: map[string]string{"kafka:9092": "127.0.0.1:4711"}}
	for version := int16(0); version <= 4; version++ {
		r := kmsg.NewPtrFindCoordinatorResponse()
		r.SetVersion(version)
		r.NodeID, r.Host, r.Port = 7, "kafka", 9092
		c := kmsg.NewFindCoordinatorResponseCoordinator()
		c.Key, c.NodeID, c.Host, c.Port = "group", 7, "kafka", 9092
		r.Coordinators = append(r.Coordinators, c)
		head := []byte{0, 0, 0, 9}
		if r.IsFlexible() {
			head = append(head, 1, 5, 2, 'h', 'i') // one tagged field
		}
		out, err := k.rewrite(r.AppendTo(head), asked{int16(kmsg.FindCoordinator), version})
		if err != nil {
			t.Fatal(err)
		}
		got := kmsg.NewPtrFindCoordinatorResponse()
		got.SetVersion(version)
		if err := got.ReadFrom(out[len(head):]); err != nil || string(out[:len(head)]) != string(head) {
			t.Fatalf("version %d: %v, % x", version, err, out)
		}
		node, host, port := got.NodeID, got.Host, got.Port
		if version >= 4 {
			node, host, port = got.Coordinators[0].NodeID, got.Coordinators[0].Host, got.Coordinators[0].Port
		}
		if node != 7 || host != "127.0.0.1" || port != 4711 {
			t.Errorf("version %d: %d %s %d", version, node, host, port)
		}
	}
}

// A server's answer may be anything.
func FuzzRewrite(f *testing.F) {
	r := kmsg.NewPtrMetadataResponse()
	r.SetVersion(12)
	f.Add(int16(3), int16(12), r.AppendTo([]byte{0, 0, 0, 1, 0}))
	f.Add(int16(10), int16(4), []byte{0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff, 0x0f, 1, 0xff, 0xff, 0x7f})
	f.Add(int16(60), int16(0), []byte{0, 0, 0, 1})
	f.Fuzz(func(_ *testing.T, key, version int16, frame []byte) {
		if !namesBrokers(key) || len(frame) < 4 {
			return
		}
		answer := kmsg.ResponseForKey(key)
		if answer.SetVersion(version); answer.IsFlexible() {
			// kmsg counts up to 2^32 tags that are not there, which takes it a while.
			_, _ = tagsSize(frame[4:])
			return
		}
		k := &kafkaDoors{doors: map[string]string{}}
		_, _ = k.rewrite(frame, asked{key, version}) // an error or an answer
	})
}
