package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace/millrace/cmd/millrace/internal/bench/nexmark"
	"github.com/millrace/millrace/cmd/millrace/internal/service"
	"github.com/millrace/millrace/consumer/broker"
)

// GenerateSettings say which events to write to which topic.
type GenerateSettings struct {
	Kafka      []string
	Topic      string
	Partitions int
	Events     int64
	Kind       Kind
	// Groups is how many channels there are, of that kind.
	Groups int
	JSON   bool

	// Base are the settings that the broker's address is put into, where one is given.
	Base          service.Settings
	Out, Progress io.Writer
}

// Validate reports every setting that cannot work.
func (s *GenerateSettings) Validate() error {
	var faults []error
	check := func(ok bool, format string, args ...any) {
		if !ok {
			faults = append(faults, fmt.Errorf(format, args...))
		}
	}
	check(s.Topic != "", "--topic is missing: name the topic to create")
	check(s.Partitions >= 1 && s.Partitions <= 10_000, "--partitions is %d: use 1 to 10000", s.Partitions)
	check(s.Events >= 1, "--events is %d: use 1 or more", s.Events)
	check(s.Groups >= 1 && s.Groups <= 10_000_000, "--groups is %d: use 1 to 10000000", s.Groups)
	check(slices.Contains(Kinds(), s.Kind), "--kind is %q: there are %v", s.Kind, Kinds())
	return errors.Join(faults...)
}

// generated is what the command prints.
type generated struct {
	Topic      string  `json:"topic"`
	Kind       Kind    `json:"kind"`
	Events     int64   `json:"events"`
	Partitions int     `json:"partitions"`
	Bytes      int64   `json:"bytes"`
	Seconds    float64 `json:"seconds"`
	// First is the first event, for people.
	First json.RawMessage `json:"first"`
	// Kinds are how many events there are of each, of Nexmark's.
	People   int64 `json:"people,omitempty"`
	Auctions int64 `json:"auctions,omitempty"`
	Bids     int64 `json:"bids,omitempty"`
	// Groups and Prices are what the bids come to: the groups of the query that
	// reads this kind, and the sum of all prices.
	Groups int   `json:"groups,omitempty"`
	Prices int64 `json:"sum_of_prices,omitempty"`
}

// Generate creates a topic and fills it, the event of number i into partition i
// modulo their number, so that other systems can read what [Run] measures with.
// It refuses a topic that exists: what is in it would be counted too.
func Generate(ctx context.Context, s GenerateSettings) error {
	if err := s.Validate(); err != nil {
		return err
	}
	settings := s.Base
	if len(s.Kafka) > 0 {
		settings.Kafka.Brokers = s.Kafka
	}
	client, err := broker.NewClient(settings.Kafka, quiet(), kgo.RetryTimeout(15*time.Second))
	if err != nil {
		return err
	}
	defer client.Close()
	if err := client.Ping(ctx); err != nil {
		return fmt.Errorf("kafka: %w", broker.Explain(err))
	}
	l := load{topic: s.Topic, partitions: s.Partitions, events: s.Events, progress: s.Progress}
	if l.maker, err = s.Kind.maker(s.Groups); err != nil {
		return err
	}
	if err := l.create(ctx, kadm.NewClient(client), settings.Kafka.ReplicationFactor); err != nil {
		return err
	}
	start := time.Now()
	g := generated{Topic: s.Topic, Kind: s.Kind, Events: s.Events, Partitions: s.Partitions, First: l.maker(nil, 0)}
	if g.Bytes, err = l.run(ctx, settings); err != nil {
		return err
	}
	g.Seconds = time.Since(start).Seconds()
	g.count(&s)
	return g.print(s.Out, s.JSON)
}

// count says what the events come to.
func (g *generated) count(s *GenerateSettings) {
	if s.Kind == Nexmark {
		for n := range s.Events {
			switch nexmark.KindOf(n) {
			case nexmark.PersonKind:
				g.People++
			case nexmark.AuctionKind:
				g.Auctions++
			case nexmark.BidKind:
				g.Bids++
			}
		}
		return
	}
	for _, q := range queries() {
		if q.kind == s.Kind {
			want := q.expect(&Settings{Events: s.Events, Groups: s.Groups})
			g.Groups, g.Prices = want.size(), want.total().prices
		}
	}
}

func (g *generated) print(w io.Writer, asJSON bool) error {
	if asJSON {
		return printJSON(w, g)
	}
	fmt.Fprintf(w, "topic %s: %d events of kind %s in %d partitions, %.0f bytes each on average, in %.1f s\n",
		g.Topic, g.Events, g.Kind, g.Partitions, float64(g.Bytes)/float64(g.Events), g.Seconds)
	if g.Kind == Nexmark {
		fmt.Fprintf(w, "people %d, auctions %d, bids %d\n", g.People, g.Auctions, g.Bids)
	} else {
		fmt.Fprintf(w, "groups %d, sum of prices %d\n", g.Groups, g.Prices)
	}
	_, err := fmt.Fprintf(w, "first: %s\n", g.First)
	return err
}
