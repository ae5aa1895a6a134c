package harness

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// quorum is what the brokers of one cluster must know of each other before the
// first of them starts: their ports.
type quorum struct {
	brokers     []*port // where clients reach them
	controllers []*port // where they reach each other
	far, relays []*port // where a relay reaches them, and where clients reach the relay
	// session is how long the controller takes a broker for alive that says nothing.
	session time.Duration
}

// newQuorum reserves the ports of a cluster of some brokers.
func newQuorum(brokers int, session time.Duration) (quorum, error) {
	q := quorum{session: session}
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

// place is what a process is in its cluster: a broker, a controller, or both.
type place struct {
	broker, controller bool
	number             int // of the broker and controller, from 0
}

// settings are pairs for the properties of a process: its place and how much may fail.
func (q quorum) settings(at place) []string {
	quorum := make([]string, len(q.controllers))
	for i, c := range q.controllers {
		quorum[i] = c.address()
	}
	var roles, listeners, advertised []string
	id := at.number + 1
	if at.broker {
		roles = append(roles, "broker")
		plain := "PLAINTEXT://" + q.brokers[at.number].address()
		listeners = append(listeners, plain, "FAR://"+q.far[at.number].address())
		advertised = append(advertised, plain, "FAR://"+q.relays[at.number].address())
	}
	if at.controller {
		roles = append(roles, "controller")
		controller := "CONTROLLER://" + q.controllers[at.number].address()
		listeners, advertised = append(listeners, controller), append(advertised, controller)
		if !at.broker {
			id = q.controllerID(at.number)
		}
	}
	return []string{
		"@ROLES@", strings.Join(roles, ","), "@ID@", strconv.Itoa(id), "@QUORUM@", strings.Join(quorum, ","),
		"@LISTENERS@", strings.Join(listeners, ","), "@ADVERTISED@", strings.Join(advertised, ","),
		"@REPLICAS@", strconv.Itoa(len(q.brokers)), "@INSYNC@", strconv.Itoa(max(1, len(q.brokers)-1)),
		"@SESSION@", strconv.FormatInt(q.session.Milliseconds(), 10), "@HEARTBEAT@", strconv.FormatInt(min(q.session, 4*time.Second).Milliseconds()/5, 10),
	}
}

// controllerID is the id of a controller that is a process of its own.
func (q quorum) controllerID(number int) int { return len(q.brokers) + number + 1 }

// voters names the controllers that begin the quorum: id, address, and an id of
// its folder, 16 bytes in base64 of which some with zeros are reserved.
func (q quorum) voters(apart bool) string {
	all := make([]string, len(q.controllers))
	for i, c := range q.controllers {
		id := i + 1
		if apart {
			id = q.controllerID(i)
		}
		all[i] = fmt.Sprintf("%d@%s:n%dAAAAAAQACAAAAAAAAAA%c", id, c.address(), i+1, "Qgw"[i%3])
	}
	return strings.Join(all, ",")
}
