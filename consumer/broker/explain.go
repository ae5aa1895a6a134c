package broker

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Explained is an error of Kafka in one line for a person: what was tried, what
// went wrong, and the way out. It holds no secret.
type Explained struct {
	Line string
	Err  error
}

// Error returns the line.
func (e *Explained) Error() string { return e.Line }

// Unwrap returns the error that was explained.
func (e *Explained) Unwrap() error { return e.Err }

// Explain says in one line what an error of Kafka means and what to do about
// it. An error that it knows nothing about comes back as it is.
func Explain(err error) error {
	var done *Explained
	var other interface { // the store's, which also knows connections that are refused
		error
		Explained()
	}
	if err == nil || errors.As(err, &done) || errors.As(err, &other) {
		return err
	}
	for _, explain := range []func(error) string{explainTLS, explainAddress, explainCode, explainClosed, explainTime} {
		if line := explain(err); line != "" {
			return &Explained{Line: oneLine(line), Err: err}
		}
	}
	return err
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// explainAddress is about brokers that cannot be connected to.
func explainAddress(err error) string {
	const out = "check MILLRACE_KAFKA_BROKERS, and that the broker runs and can be reached from here"
	var dns *net.DNSError
	if errors.As(err, &dns) {
		return fmt.Sprintf("cannot find Kafka broker %q: %s; %s", dns.Name, dns.Err, out)
	}
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "dial" && op.Addr != nil {
		return fmt.Sprintf("cannot connect to Kafka at %s: %s; %s", op.Addr, op.Err, out)
	}
	return ""
}

// plainToTLS is how the client words it that a TLS alert came for an answer,
// for which it has no type. Only a person's line hangs on it.
const plainToTLS = "plaintext connection speaking to a tls endpoint"

// explainTLS is about two sides that do not agree on TLS.
func explainTLS(err error) string {
	var unknown x509.UnknownAuthorityError
	var host x509.HostnameError
	var invalid x509.CertificateInvalidError
	var plain tls.RecordHeaderError
	var alert tls.AlertError
	switch {
	case errors.As(err, &unknown):
		return "the Kafka broker's certificate is signed by an authority that is not trusted here; name its certificate in MILLRACE_KAFKA_TLS_CA_FILE"
	case errors.As(err, &host):
		return fmt.Sprintf("the Kafka broker's certificate is for another name: %s; use the name that it is for in MILLRACE_KAFKA_BROKERS", host.Error())
	case errors.As(err, &invalid):
		return fmt.Sprintf("the Kafka broker's certificate is not valid: %s; renew it, or check this machine's clock", invalid.Error())
	case errors.As(err, &plain):
		return "the Kafka broker does not speak TLS at this address; set MILLRACE_KAFKA_TLS=false, or use the port of its TLS listener"
	case strings.Contains(err.Error(), plainToTLS):
		return "the Kafka broker speaks TLS at this address; set MILLRACE_KAFKA_TLS=true, or use the port of its plain listener"
	case errors.As(err, &alert):
		return fmt.Sprintf("the Kafka broker refused the TLS connection: %s; check MILLRACE_KAFKA_TLS_CERT_FILE and MILLRACE_KAFKA_TLS_KEY_FILE", alert.Error())
	}
	return ""
}

// explainClosed is about brokers that hang up on what they do not understand.
func explainClosed(err error) string {
	var first *kgo.ErrFirstReadEOF
	if errors.As(err, &first) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) {
		return "the Kafka broker closed the connection, as it does when it stops, where only one side speaks TLS or where a login is needed; check MILLRACE_KAFKA_TLS, the MILLRACE_KAFKA_SASL_ settings and the port in MILLRACE_KAFKA_BROKERS"
	}
	return ""
}

func explainTime(err error) string {
	var network net.Error
	if errors.Is(err, context.DeadlineExceeded) || errors.As(err, &network) && network.Timeout() {
		return fmt.Sprintf("%s; Kafka did not answer in time: check that the brokers in MILLRACE_KAFKA_BROKERS run, speak TLS where MILLRACE_KAFKA_TLS is set and only there, and are not overloaded", err)
	}
	return ""
}

// explainCode is about what brokers answer.
func explainCode(err error) string {
	var code *kerr.Error
	if !errors.As(err, &code) {
		return ""
	}
	reason, out := meaning(code)
	if reason == "" {
		return ""
	}
	where, _, _ := strings.Cut(err.Error(), code.Message)
	where = strings.TrimRight(where, ": ")
	if where != "" {
		where += ": "
	}
	return fmt.Sprintf("%s%s (%s); %s", where, reason, code.Message, out)
}

// meaning returns what a broker's error says to a person, and the way out.
func meaning(code *kerr.Error) (reason, out string) {
	switch code {
	case kerr.SaslAuthenticationFailed:
		return "Kafka refused the login", "check MILLRACE_KAFKA_SASL_USER, MILLRACE_KAFKA_SASL_PASSWORD and MILLRACE_KAFKA_SASL_MECHANISM"
	case kerr.IllegalSaslState:
		return "the Kafka broker takes no login at this address", "unset the MILLRACE_KAFKA_SASL_ settings, or use the port of its SASL listener"
	case kerr.UnsupportedSaslMechanism:
		return "the Kafka broker does not know the login's mechanism", "set MILLRACE_KAFKA_SASL_MECHANISM to one that it has enabled"
	case kerr.TopicAuthorizationFailed:
		return "the Kafka user may not use the topic", "grant it READ, WRITE, DESCRIBE, CREATE and DESCRIBE_CONFIGS on the topic"
	case kerr.GroupAuthorizationFailed:
		return "the Kafka user may not use the consumer group", "grant it READ and DESCRIBE on the group, which is named as the cluster (MILLRACE_CLUSTER)"
	case kerr.TransactionalIDAuthorizationFailed:
		return "the Kafka user may not use the transactional id", "grant it WRITE and DESCRIBE on transactional ids that begin with the cluster's name (MILLRACE_CLUSTER)"
	case kerr.ClusterAuthorizationFailed:
		return "the Kafka user may not do this to the Kafka cluster", "grant it CREATE on the Kafka cluster, or have an administrator create the topic"
	case kerr.UnknownTopicOrPartition, kerr.UnknownTopicID:
		return "the topic does not exist", "create it, or check its name; CREATE STREAM … WITH (partitions = N) creates it too"
	case kerr.InvalidTopicException:
		return "Kafka refuses the topic's name", "use up to 249 letters, digits, '.', '_' and '-'"
	case kerr.InvalidReplicationFactor:
		return "there are not as many Kafka brokers as copies are asked for", "lower MILLRACE_KAFKA_REPLICATION_FACTOR or replication_factor"
	case kerr.PolicyViolation:
		return "Kafka's policy forbids it", "ask the Kafka cluster's administrator"
	case kerr.MessageTooLarge:
		return "a record is larger than the topic takes", "raise the topic's max.message.bytes"
	case kerr.UnsupportedVersion:
		return "the Kafka broker is too old for this", "use Kafka 3 or newer"
	}
	return "", ""
}
