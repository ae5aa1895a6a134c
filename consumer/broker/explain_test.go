package broker

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
)

// explained checks what a person is told: one line, with the way out, and no
// secret.
func explained(t *testing.T, err error, wants ...string) {
	t.Helper()
	if err == nil {
		t.Fatal("there is no error")
	}
	line := Explain(err)
	for _, want := range wants {
		if !strings.Contains(line.Error(), want) {
			t.Errorf("%q is missing from: %s", want, line)
		}
	}
	if strings.ContainsAny(line.Error(), "\n\r") || strings.Contains(line.Error(), secret) {
		t.Errorf("not a clean line: %q", line)
	}
	if !errors.Is(line, err) || Explain(line) != line {
		t.Errorf("the error itself is lost: %v", line)
	}
	t.Log(line)
}

func ping(t *testing.T, cfg Config) error {
	t.Helper()
	return newAdmin(t, cfg).Ping(testContext(t))
}

func TestWrongAddress(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	listener.Close()
	err = ping(t, Config{Brokers: []string{address}, ReplicationFactor: -1})
	explained(t, err, address, "connection refused", "MILLRACE_KAFKA_BROKERS")
	if !Retryable(err) {
		t.Error("a running node would give up while the broker is restarted")
	}
	gone := fmt.Errorf("dial: %w", &net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", Name: "kafka.invalid", IsNotFound: true}})
	explained(t, gone, `"kafka.invalid"`, "no such host", "MILLRACE_KAFKA_BROKERS")
	if Retryable(gone) {
		t.Error("a name that does not exist is tried again")
	}
}

// TestSilentBroker accepts connections and never answers.
func TestSilentBroker(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	a := newAdmin(t, Config{Brokers: []string{listener.Addr().String()}, ReplicationFactor: -1})
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	explained(t, a.Ping(ctx), "did not answer in time", "MILLRACE_KAFKA_BROKERS")
}

// authority is a certificate authority and a broker's certificate by it.
func authority(t *testing.T, host string) (caFile string, server *tls.Config) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "broker"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	if ip := net.ParseIP(host); ip != nil {
		template.IPAddresses = []net.IP{ip}
	} else {
		template.DNSNames = []string{host}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	caFile = filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(caFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return caFile, &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
}

func TestTLS(t *testing.T) {
	caFile, server := authority(t, "127.0.0.1")
	_, cfg := fake(t, kfake.TLS(server))

	good := cfg
	good.CAFile = caFile
	if err := ping(t, good); err != nil {
		t.Fatal(err)
	}
	explained(t, ping(t, cfg), "closed the connection", "MILLRACE_KAFKA_TLS")

	unknown := cfg
	unknown.TLS = true
	err := ping(t, unknown)
	explained(t, err, "not trusted", "MILLRACE_KAFKA_TLS_CA_FILE")
	if Retryable(err) {
		t.Error("an unknown authority is tried again")
	}

	otherFile, otherServer := authority(t, "elsewhere.example")
	_, elsewhere := fake(t, kfake.TLS(otherServer))
	elsewhere.CAFile = otherFile
	explained(t, ping(t, elsewhere), "another name", "MILLRACE_KAFKA_BROKERS")

	// A plain listener of Kafka hangs up on a greeting that it does not
	// understand, one with TLS answers by an alert.
	cfg = Config{Brokers: []string{answering(t, "")}, TLS: true, ReplicationFactor: -1}
	explained(t, ping(t, cfg), "closed the connection", "MILLRACE_KAFKA_TLS")
	cfg = Config{Brokers: []string{answering(t, "\x15\x03\x03\x00\x02\x02\x50")}, ReplicationFactor: -1}
	explained(t, ping(t, cfg), "speaks TLS", "MILLRACE_KAFKA_TLS=true")
}

// answering listens, answers what comes first by a text and hangs up.
func answering(t *testing.T, text string) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = conn.Read(make([]byte, 1024))
			_, _ = conn.Write([]byte(text))
			conn.Close()
		}
	})
	t.Cleanup(func() { listener.Close(); wg.Wait() })
	return listener.Addr().String()
}

func TestLogin(t *testing.T) {
	for _, mechanism := range []string{SASLPlain, SASLScram256, SASLScram512} {
		_, cfg := fake(t, kfake.EnableSASL(), kfake.Superuser(mechanism, "app", secret))
		explained(t, ping(t, cfg), "MILLRACE_KAFKA_SASL_")

		cfg.SASL, cfg.User, cfg.Password = mechanism, "app", secret
		if err := ping(t, cfg); err != nil {
			t.Fatalf("%s: %v", mechanism, err)
		}
		cfg.Password = secret + "!" // this broker hangs up, Kafka says what is wrong
		explained(t, ping(t, cfg), "MILLRACE_KAFKA_SASL_")
	}
}

func TestMissingPermission(t *testing.T) {
	_, cfg := fake(t, kfake.EnableSASL(), kfake.EnableACLs(), kfake.Superuser(SASLPlain, "admin", "admin"), kfake.User(SASLPlain, "app", secret))
	cfg.SASL, cfg.User, cfg.Password = SASLPlain, "app", secret
	a := newAdmin(t, cfg)
	ctx := testContext(t)
	_, _, err := a.CreateTopic(ctx, TopicSpec{Name: "flights", Partitions: 1})
	explained(t, err, `"flights"`, "may not", "grant it")
	if Retryable(err) {
		t.Error("a missing permission is tried again")
	}
	_, err = a.EndOffsets(ctx, "flights")
	explained(t, err, `"flights"`)

	client, err := NewClient(cfg, quiet(), kgo.TransactionalID("c.n.0"))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	_, _, err = client.ProducerID(ctx)
	explained(t, fmt.Errorf("take the transactional id %q: %w", "c.n.0", err), `"c.n.0"`, "may not use the transactional id", "WRITE")
}

func TestMissingTopic(t *testing.T) {
	_, cfg := fake(t)
	a := newAdmin(t, cfg)
	_, err := a.Topic(testContext(t), "flights")
	explained(t, err, `topic "flights"`, "does not exist", "UNKNOWN_TOPIC_OR_PARTITION")
}

// TestCodes explains what brokers answer. None of it goes away by itself.
func TestCodes(t *testing.T) {
	for code, want := range map[*kerr.Error]string{
		kerr.SaslAuthenticationFailed:           "MILLRACE_KAFKA_SASL_PASSWORD",
		kerr.IllegalSaslState:                   "unset",
		kerr.UnsupportedSaslMechanism:           "MILLRACE_KAFKA_SASL_MECHANISM",
		kerr.TopicAuthorizationFailed:           "on the topic",
		kerr.GroupAuthorizationFailed:           "on the group",
		kerr.TransactionalIDAuthorizationFailed: "transactional ids",
		kerr.ClusterAuthorizationFailed:         "CREATE",
		kerr.UnknownTopicOrPartition:            "create it",
		kerr.InvalidTopicException:              "249",
		kerr.InvalidReplicationFactor:           "MILLRACE_KAFKA_REPLICATION_FACTOR",
		kerr.PolicyViolation:                    "administrator",
		kerr.MessageTooLarge:                    "max.message.bytes",
		kerr.UnsupportedVersion:                 "Kafka 3",
	} {
		err := fmt.Errorf("do it to %q: %w", "x", code)
		explained(t, err, `do it to "x": `, code.Message, want)
		if Retryable(err) {
			t.Errorf("%v is tried again", err)
		}
	}
}

func TestRetryable(t *testing.T) {
	for _, c := range []struct {
		err  error
		want bool
	}{
		{nil, false},
		{context.Canceled, false},
		{context.DeadlineExceeded, false},
		{errors.New("x"), false},
		{kerr.NotLeaderForPartition, true},
		{kerr.CoordinatorNotAvailable, true},
		{kerr.ConcurrentTransactions, true},
		{kerr.UnknownTopicOrPartition, false},
		{kerr.TopicAuthorizationFailed, false},
		{kerr.GroupAuthorizationFailed, false},
		{kerr.InvalidProducerEpoch, false},
		{kerr.MessageTooLarge, false},
		{kgo.ErrRecordTimeout, true},
		{kgo.ErrClientClosed, false},
		{&net.OpError{Op: "read", Err: os.ErrDeadlineExceeded}, true},
	} {
		if got := Retryable(fmt.Errorf("wrapped: %w", c.err)); c.err != nil && got != c.want {
			t.Errorf("%v: %v", c.err, got)
		}
	}
	if Retryable(nil) || Explain(nil) != nil {
		t.Error("no error is an error")
	}
	if other := errors.New("x"); Explain(other) != other {
		t.Error("an unknown error was changed")
	}
	for _, err := range []error{kerr.InvalidProducerEpoch, kerr.ProducerFenced, kerr.OperationNotAttempted} {
		if !Fenced(fmt.Errorf("commit: %w", err)) {
			t.Errorf("%v is no fence", err)
		}
	}
	if Fenced(kerr.TransactionAbortable) || Fenced(nil) {
		t.Error("fenced by nobody")
	}
}
