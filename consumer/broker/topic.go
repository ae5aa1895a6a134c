package broker

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/millrace/millrace/topology"
)

// Topic is what a broker tells about a topic.
type Topic struct {
	Name       string
	ID         topology.TopicID // zero where the broker has no topic ids
	Partitions int32
	// MaxMessageBytes bounds a batch of records as it is sent. It is Kafka's
	// default where the user may not read the topic's settings.
	MaxMessageBytes int32
}

// TopicSpec is a topic to be made.
type TopicSpec struct {
	Name       string
	Partitions int32
	// ReplicationFactor is that of the settings where 0.
	ReplicationFactor int16
	// Settings are the topic's, such as cleanup.policy.
	Settings map[string]string
}

const (
	defaultMaxMessageBytes = 1048588
	settleTimeout          = 15 * time.Second
)

// Topic describes a topic. A missing one is kerr.UnknownTopicOrPartition.
func (a *Admin) Topic(ctx context.Context, name string) (Topic, error) {
	t, err := a.describe(ctx, name)
	if err != nil {
		return Topic{}, fmt.Errorf("describe topic %q: %w", name, err)
	}
	t.MaxMessageBytes, err = a.maxMessageBytes(ctx, name)
	if err != nil {
		return Topic{}, fmt.Errorf("read the settings of topic %q: %w", name, err)
	}
	return t, nil
}

func (a *Admin) describe(ctx context.Context, name string) (Topic, error) {
	details, err := a.admin.ListTopics(ctx, name)
	if err != nil {
		return Topic{}, err
	}
	d, found := details[name]
	if !found {
		return Topic{}, kerr.UnknownTopicOrPartition
	}
	if d.Err != nil {
		return Topic{}, d.Err
	}
	return Topic{Name: name, ID: topology.TopicID(d.ID), Partitions: int32(len(d.Partitions))}, nil
}

func (a *Admin) maxMessageBytes(ctx context.Context, name string) (int32, error) {
	all, err := a.admin.DescribeTopicConfigs(ctx, name)
	if errors.Is(err, kerr.TopicAuthorizationFailed) {
		return defaultMaxMessageBytes, nil
	}
	if err != nil {
		return 0, err
	}
	one, err := all.On(name, nil)
	if err == nil {
		err = one.Err
	}
	if errors.Is(err, kerr.TopicAuthorizationFailed) {
		return defaultMaxMessageBytes, nil
	}
	if err != nil {
		return 0, err
	}
	for _, c := range one.Configs {
		if c.Key == "max.message.bytes" && c.Value != nil {
			n, err := strconv.ParseInt(*c.Value, 10, 32)
			return int32(n), err
		}
	}
	return defaultMaxMessageBytes, nil
}

// CreateTopic makes a topic and waits until it can be described. Where the
// topic exists already, created is false and the topic is left as it is;
// whoever creates it at the same time sees the same topic.
func (a *Admin) CreateTopic(ctx context.Context, spec TopicSpec) (t Topic, created bool, err error) {
	factor := spec.ReplicationFactor
	if factor == 0 {
		factor = a.replicationFactor
	}
	settings := map[string]*string{}
	for k, v := range spec.Settings {
		settings[k] = kmsg.StringPtr(v)
	}
	answers, err := a.admin.CreateTopics(ctx, spec.Partitions, factor, settings, spec.Name)
	if err != nil {
		return Topic{}, false, fmt.Errorf("create topic %q: %w", spec.Name, err)
	}
	answer, err := answers.On(spec.Name, nil)
	if err == nil {
		err = answer.Err
	}
	if err != nil && !errors.Is(err, kerr.TopicAlreadyExists) {
		if answer.ErrMessage != "" {
			return Topic{}, false, fmt.Errorf("create topic %q (%s): %w", spec.Name, answer.ErrMessage, err)
		}
		return Topic{}, false, fmt.Errorf("create topic %q: %w", spec.Name, err)
	}
	created = err == nil
	var id topology.TopicID
	if created { // another of its name may have been deleted a moment ago, and still be told of
		id = topology.TopicID(answer.ID)
	}
	t, err = a.settled(ctx, spec.Name, id, 1)
	return t, created, err
}

// settled waits until a topic, of an id where that is not zero, is known with at
// least n partitions: a broker answers for what was made before the others, and
// itself, have heard of it.
func (a *Admin) settled(ctx context.Context, name string, id topology.TopicID, n int32) (Topic, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, settleTimeout,
		fmt.Errorf("topic %q was not known with %d partitions within %s: %w", name, n, settleTimeout, context.DeadlineExceeded))
	defer cancel()
	wait := newPause()
	for {
		t, err := a.Topic(ctx, name)
		switch {
		case err == nil && t.Partitions >= n && (id == topology.TopicID{} || id == t.ID):
			return t, nil
		case err != nil && !errors.Is(err, kerr.UnknownTopicOrPartition) && !Retryable(err):
			return Topic{}, withCause(ctx, err)
		}
		if err := wait.more(ctx); err != nil {
			return Topic{}, err
		}
	}
}

// EnsurePartitions makes a topic grow to n partitions where it has fewer, and
// returns how many it has.
func (a *Admin) EnsurePartitions(ctx context.Context, name string, n int32) (int32, error) {
	t, err := a.describe(ctx, name)
	if err != nil {
		return 0, fmt.Errorf("describe topic %q: %w", name, err)
	}
	if t.Partitions >= n {
		return t.Partitions, nil
	}
	answers, err := a.admin.UpdatePartitions(ctx, int(n), name)
	if err == nil {
		err = answers.Error()
	}
	// Another node may have made it grow meanwhile: INVALID_PARTITIONS.
	// What counts is what there is then.
	if err != nil && !errors.Is(err, kerr.InvalidPartitions) {
		return 0, fmt.Errorf("give topic %q %d partitions: %w", name, n, err)
	}
	t, err = a.settled(ctx, name, topology.TopicID{}, n)
	return t.Partitions, err
}

// DeleteTopic removes a topic. One that does not exist is fine.
func (a *Admin) DeleteTopic(ctx context.Context, name string) error {
	answers, err := a.admin.DeleteTopics(ctx, name)
	if err == nil {
		err = answers.Error()
	}
	if err != nil && !errors.Is(err, kerr.UnknownTopicOrPartition) {
		return fmt.Errorf("delete topic %q: %w", name, err)
	}
	return nil
}
