package bench

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"sync"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// kafkaDoors lets a node through to Kafka. Brokers tell clients where they are,
// so each has a door, and their answers are rewritten to name it.
type kafkaDoors struct {
	gate *gate

	mu    sync.Mutex        // guards doors
	doors map[string]string // the broker's address, to its door's
}

// largestFrame bounds a request or an answer: the largest that readers fetch,
// and room.
const largestFrame = 256 << 20

// add makes a door to a broker.
func (k *kafkaDoors) add(broker string) (string, error) {
	door, err := k.gate.door("tcp", broker, func() (requests, answers carry) {
		c := &kafkaConn{doors: k, asked: map[int32]asked{}}
		return c.requests, c.answers
	})
	if err == nil {
		k.mu.Lock()
		k.doors[broker] = door
		k.mu.Unlock()
	}
	return door, err
}

// rename gives the address of a broker's door in place of its own.
func (k *kafkaDoors) rename(host *string, port *int32) {
	k.mu.Lock()
	door, ok := k.doors[net.JoinHostPort(*host, strconv.Itoa(int(*port)))]
	k.mu.Unlock()
	if !ok {
		return
	}
	if h, p, err := net.SplitHostPort(door); err == nil {
		n, _ := strconv.ParseInt(p, 10, 32)
		*host, *port = h, int32(n)
	}
}

// asked is a request that is not answered yet and whose answer names brokers.
type asked struct{ key, version int16 }

// kafkaConn is one connection.
type kafkaConn struct {
	doors *kafkaDoors

	mu    sync.Mutex // guards asked
	asked map[int32]asked
}

// requests carries requests and keeps in mind those whose answers name brokers.
// A request begins with its key, version and correlation id.
func (c *kafkaConn) requests(from, to net.Conn) error {
	return c.frames(from, to, func(frame []byte) ([]byte, error) {
		if len(frame) < 8 {
			return nil, errors.New("a request without a header")
		}
		key := int16(binary.BigEndian.Uint16(frame))
		if namesBrokers(key) {
			c.mu.Lock()
			c.asked[int32(binary.BigEndian.Uint32(frame[4:]))] = asked{key, int16(binary.BigEndian.Uint16(frame[2:]))}
			c.mu.Unlock()
		}
		return frame, nil
	})
}

func namesBrokers(key int16) bool {
	switch kmsg.Key(key) {
	case kmsg.Metadata, kmsg.FindCoordinator, kmsg.DescribeCluster:
		return true
	default:
		return false
	}
}

// answers carries answers.
func (c *kafkaConn) answers(from, to net.Conn) error {
	return c.frames(from, to, func(frame []byte) ([]byte, error) {
		if len(frame) < 4 {
			return nil, errors.New("an answer without a header")
		}
		id := int32(binary.BigEndian.Uint32(frame))
		c.mu.Lock()
		a, ok := c.asked[id]
		delete(c.asked, id)
		c.mu.Unlock()
		if !ok {
			return frame, nil
		}
		return c.doors.rewrite(frame, a)
	})
}

// rewrite puts doors into an answer.
func (k *kafkaDoors) rewrite(frame []byte, a asked) ([]byte, error) {
	answer := kmsg.ResponseForKey(a.key)
	answer.SetVersion(a.version)
	head := 4
	if answer.IsFlexible() {
		tags, err := tagsSize(frame[4:])
		if err != nil {
			return nil, err
		}
		head += tags
	}
	if err := answer.ReadFrom(frame[head:]); err != nil {
		return nil, fmt.Errorf("answer to %s: %w", kmsg.NameForKey(a.key), err)
	}
	switch r := answer.(type) {
	case *kmsg.MetadataResponse:
		for i := range r.Brokers {
			k.rename(&r.Brokers[i].Host, &r.Brokers[i].Port)
		}
	case *kmsg.FindCoordinatorResponse:
		k.rename(&r.Host, &r.Port)
		for i := range r.Coordinators {
			k.rename(&r.Coordinators[i].Host, &r.Coordinators[i].Port)
		}
	case *kmsg.DescribeClusterResponse:
		for i := range r.Brokers {
			k.rename(&r.Brokers[i].Host, &r.Brokers[i].Port)
		}
	}
	return answer.AppendTo(append([]byte(nil), frame[:head]...)), nil
}

// tagsSize is how many bytes the tagged fields of a header take: their number,
// then key, size and value of each.
func tagsSize(b []byte) (int, error) {
	at := 0
	next := func() uint64 {
		n, size := binary.Uvarint(b[min(at, len(b)):])
		if size <= 0 {
			at = len(b) + 1
			return 0
		}
		at += size
		return n
	}
	for count := next(); count > 0 && at <= len(b); count-- {
		next()
		size := next()
		if size > uint64(len(b)) {
			at = len(b) + 1
			break
		}
		at += int(size)
	}
	if at > len(b) {
		return 0, errors.New("an answer whose header is cut off")
	}
	return at, nil
}

// frames carries frames, each with its size before it, through change.
func (c *kafkaConn) frames(from, to net.Conn, change func([]byte) ([]byte, error)) error {
	var buffer []byte
	for {
		var size [4]byte
		if _, err := io.ReadFull(from, size[:]); err != nil {
			return err
		}
		n := binary.BigEndian.Uint32(size[:])
		if n > largestFrame {
			return fmt.Errorf("a frame of %d bytes", n)
		}
		if uint32(cap(buffer)) < n {
			buffer = make([]byte, n)
		}
		buffer = buffer[:n]
		if _, err := io.ReadFull(from, buffer); err != nil {
			return err
		}
		out, err := change(buffer)
		if err != nil {
			return err
		}
		if !c.doors.gate.pass() {
			return io.ErrClosedPipe
		}
		whole := append(binary.BigEndian.AppendUint32(make([]byte, 0, 4+len(out)), uint32(len(out))), out...)
		if _, err := to.Write(whole); err != nil {
			return err
		}
	}
}
