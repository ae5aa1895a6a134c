package broker

import (
	"context"
	"errors"
	"net"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Retryable reports whether an error of Kafka may go away by itself, so that a
// running node waits and tries again. A command gives up at once where it is
// false. It judges by codes and types, never by text.
func Retryable(err error) bool {
	var code *kerr.Error
	var dns *net.DNSError
	var network net.Error
	switch {
	case err == nil, errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return false
	case errors.As(err, &code):
		return retryableCode(code)
	case errors.As(err, &dns):
		return !dns.IsNotFound
	case errors.Is(err, kgo.ErrRecordTimeout), errors.Is(err, kgo.ErrRecordRetries):
		return true
	case explainTLS(err) != "":
		return false
	case errors.As(err, &network): // refused, reset, timed out: a broker may be starting again
		return true
	}
	return kgo.IsRetryableBrokerErr(err)
}

func retryableCode(code *kerr.Error) bool {
	switch code {
	case kerr.UnknownTopicOrPartition, kerr.UnknownTopicID:
		return false // retriable to a client that has seen the topic; to us the topic is missing
	case kerr.ConcurrentTransactions, kerr.TransactionAbortable, kerr.BrokerNotAvailable, kerr.InvalidTxnState:
		return true
	}
	return code.Retriable
}

// Fenced reports whether an error says that another client has taken the
// transactional id. A fenced client's produce is refused with
// INVALID_PRODUCER_EPOCH or PRODUCER_FENCED while its commit may only say
// OPERATION_NOT_ATTEMPTED, so that both have to be asked.
func Fenced(err error) bool {
	return errors.Is(err, kerr.InvalidProducerEpoch) || errors.Is(err, kerr.ProducerFenced) ||
		errors.Is(err, kerr.OperationNotAttempted) || errors.Is(err, kerr.InvalidProducerIDMapping)
}
