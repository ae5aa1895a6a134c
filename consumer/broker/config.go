package broker

import (
	"errors"
	"fmt"
	"net"
	"strconv"
)

// Config are the settings by which Kafka is reached. Parsing them is the
// commands' work.
type Config struct {
	// Brokers are some brokers' addresses, host:port; the others are found
	// through them.
	Brokers []string `env:"MILLRACE_KAFKA_BROKERS" envDefault:"127.0.0.1:19092"`
	// TLS encrypts connections. It is on where one of the three files is given.
	TLS bool `env:"MILLRACE_KAFKA_TLS" envDefault:"false"`
	// CAFile holds the certificates (PEM) that a broker's must be signed by;
	// the system's where empty.
	CAFile string `env:"MILLRACE_KAFKA_TLS_CA_FILE"`
	// CertFile is the client's certificate (PEM), for brokers that ask for one.
	CertFile string `env:"MILLRACE_KAFKA_TLS_CERT_FILE"`
	// KeyFile is the client certificate's key (PEM).
	KeyFile string `env:"MILLRACE_KAFKA_TLS_KEY_FILE"`
	// SASL is the mechanism to log in by: PLAIN, SCRAM-SHA-256 or
	// SCRAM-SHA-512; no login where empty.
	SASL string `env:"MILLRACE_KAFKA_SASL_MECHANISM"`
	// User is who logs in.
	User string `env:"MILLRACE_KAFKA_SASL_USER"`
	// Password is the user's. It is never shown.
	Password Secret `env:"MILLRACE_KAFKA_SASL_PASSWORD"`
	// ReplicationFactor is that of the topics that Millrace creates for itself;
	// -1 leaves it to the brokers.
	ReplicationFactor int16 `env:"MILLRACE_KAFKA_REPLICATION_FACTOR" envDefault:"-1"`
}

// The mechanisms to log in by.
const (
	SASLPlain    = "PLAIN"
	SASLScram256 = "SCRAM-SHA-256"
	SASLScram512 = "SCRAM-SHA-512"
)

// Validate reports every fault of the settings at once.
func (c Config) Validate() error {
	faults := []error{c.validateBrokers(), c.validateTLS(), c.validateSASL()}
	if c.ReplicationFactor == 0 || c.ReplicationFactor < -1 {
		faults = append(faults, fmt.Errorf("MILLRACE_KAFKA_REPLICATION_FACTOR is %d: give 1 or more, or -1 for the brokers' default", c.ReplicationFactor))
	}
	return errors.Join(faults...)
}

func (c Config) validateBrokers() error {
	if len(c.Brokers) == 0 {
		return errors.New("MILLRACE_KAFKA_BROKERS is empty: give host:port, several separated by commas")
	}
	var faults []error
	for _, b := range c.Brokers {
		host, port, err := net.SplitHostPort(b)
		n, portErr := strconv.ParseUint(port, 10, 16)
		if err != nil || portErr != nil || n == 0 || host == "" {
			faults = append(faults, fmt.Errorf("MILLRACE_KAFKA_BROKERS names %q: give host:port, such as 127.0.0.1:9092", b))
		}
	}
	return errors.Join(faults...)
}

func (c Config) validateTLS() error {
	if (c.CertFile == "") != (c.KeyFile == "") {
		return errors.New("MILLRACE_KAFKA_TLS_CERT_FILE and MILLRACE_KAFKA_TLS_KEY_FILE go together: give both or neither")
	}
	return nil
}

func (c Config) validateSASL() error {
	switch c.SASL {
	case "":
		if c.User != "" || c.Password != "" {
			return fmt.Errorf("MILLRACE_KAFKA_SASL_USER or _PASSWORD is given without MILLRACE_KAFKA_SASL_MECHANISM: give %s, %s or %s", SASLPlain, SASLScram256, SASLScram512)
		}
		return nil
	case SASLPlain, SASLScram256, SASLScram512:
		if c.User == "" || c.Password == "" {
			return fmt.Errorf("MILLRACE_KAFKA_SASL_MECHANISM is %s: MILLRACE_KAFKA_SASL_USER and MILLRACE_KAFKA_SASL_PASSWORD are needed with it", c.SASL)
		}
		return nil
	}
	return fmt.Errorf("MILLRACE_KAFKA_SASL_MECHANISM is %q: give %s, %s or %s", c.SASL, SASLPlain, SASLScram256, SASLScram512)
}
