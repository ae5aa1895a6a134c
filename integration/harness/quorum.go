package harness

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// quorum is what the brokers of one cluster must know of each other before the
// first of them starts: their ports.
type quorum struct {
	brokers     []*port // where clients reach them
	controllers []*port // where they reach each other
	far, relays []*port // where a relay reaches them, and where clients reach the relay
}

// newQuorum reserves the ports of a cluster of some brokers.
func newQuorum(brokers int) (quorum, error) {
	var q quorum
	for range brokers {
		for _, ports := range []*[]*port{&q.brokers, &q.controllers, &q.far, &q.relays} {
			reserved, err := reservePort()
			if err != nil {
				q.release()
				return quorum{}, err
			}
			*ports = append(*ports, reserved)
		}
	}
	return q, nil
}

func (q quorum) release() {
	for _, p := range slices.Concat(q.brokers, q.controllers, q.far, q.relays) {
		p.release()
	}
}

// settings are pairs for the properties of a broker, which counts from 0: its
// place and how much may fail. Of a broker that was killed the others know only
// when its session has ended; three in one process tree on a busy machine
// must not lose their sessions by being slow.
func (q quorum) settings(broker int) []string {
	all := make([]string, len(q.controllers))
	for i, c := range q.controllers {
		all[i] = c.address()
	}
	inSync, session := 1, 2000
	if len(q.brokers) > 1 {
		inSync, session = len(q.brokers)-1, 4000
	}
	return []string{
		"@ID@", strconv.Itoa(broker + 1), "@PORT@", strconv.Itoa(q.brokers[broker].number),
		"@FAR@", strconv.Itoa(q.far[broker].number),
		"@RELAY@", strconv.Itoa(q.relays[broker].number), "@CONTROLLER@", strconv.Itoa(q.controllers[broker].number), "@QUORUM@", strings.Join(all, ","),
		"@REPLICAS@", strconv.Itoa(len(q.brokers)), "@INSYNC@", strconv.Itoa(inSync),
		"@SESSION@", strconv.Itoa(session), "@HEARTBEAT@", strconv.Itoa(session / 5),
	}
}

// voters names the controllers that begin the quorum: id, address, and an id of
// its folder, 16 bytes in base64 of which some with zeros are reserved.
func (q quorum) voters() string {
	all := make([]string, len(q.controllers))
	for i, c := range q.controllers {
		all[i] = fmt.Sprintf("%d@%s:n%dAAAAAAQACAAAAAAAAAA%c", i+1, c.address(), i+1, "Qgw"[i%3])
	}
	return strings.Join(all, ",")
}
