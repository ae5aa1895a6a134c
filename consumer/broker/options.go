package broker

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"
)

const (
	// metadataMinAge is how soon a client asks again where a topic's partitions
	// are. The default of 5 s is what the first record of a new topic, and
	// every recovery from a broker's restart, would wait.
	metadataMinAge = 200 * time.Millisecond
	dialTimeout    = 5 * time.Second
	clientID       = "millrace"
)

// Options returns the options that every client of Millrace starts from. It
// reads the files that cfg names.
func Options(cfg Config, logger *slog.Logger) ([]kgo.Opt, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	opts := []kgo.Opt{
		kgo.SeedBrokers(cfg.Brokers...),
		kgo.ClientID(clientID),
		kgo.MetadataMinAge(metadataMinAge),
		kgo.DialTimeout(dialTimeout),
		kgo.WithLogger(slogAdapter{logger}),
	}
	tlsConfig, err := cfg.tlsConfig()
	if err != nil {
		return nil, err
	}
	if tlsConfig != nil {
		opts = append(opts, kgo.DialTLSConfig(tlsConfig))
	}
	if m := cfg.mechanism(); m != nil {
		opts = append(opts, kgo.SASL(m))
	}
	return opts, nil
}

// tlsConfig returns nil where connections are plain.
func (c Config) tlsConfig() (*tls.Config, error) {
	if !c.TLS && c.CAFile == "" && c.CertFile == "" {
		return nil, nil
	}
	t := &tls.Config{MinVersion: tls.VersionTLS12}
	if c.CAFile != "" {
		pem, err := os.ReadFile(c.CAFile)
		if err != nil {
			return nil, fmt.Errorf("read MILLRACE_KAFKA_TLS_CA_FILE: %w", err)
		}
		t.RootCAs = x509.NewCertPool()
		if !t.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("MILLRACE_KAFKA_TLS_CA_FILE %q holds no certificate in PEM form", c.CAFile)
		}
	}
	if c.CertFile != "" {
		pair, err := tls.LoadX509KeyPair(c.CertFile, c.KeyFile)
		if err != nil {
			return nil, fmt.Errorf("load MILLRACE_KAFKA_TLS_CERT_FILE %q and its key: %w", c.CertFile, err)
		}
		t.Certificates = []tls.Certificate{pair}
	}
	return t, nil
}

// mechanism returns nil where no login is asked for.
func (c Config) mechanism() sasl.Mechanism {
	switch c.SASL {
	case SASLPlain:
		return plain.Auth{User: c.User, Pass: string(c.Password)}.AsMechanism()
	case SASLScram256:
		return scram.Auth{User: c.User, Pass: string(c.Password)}.AsSha256Mechanism()
	case SASLScram512:
		return scram.Auth{User: c.User, Pass: string(c.Password)}.AsSha512Mechanism()
	}
	return nil
}
