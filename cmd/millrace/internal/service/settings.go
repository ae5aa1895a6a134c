package service

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"

	"github.com/millrace/millrace/consumer"
	"github.com/millrace/millrace/consumer/broker"
	"github.com/millrace/millrace/sink"
)

// Settings are everything that can be set, by environment variables and by
// flags of the same names (MILLRACE_KAFKA_BROKERS is --kafka-brokers).
type Settings struct {
	Kafka    broker.Config
	Node     consumer.Config
	Database sink.Config
	Service  Config
}

// Config holds the settings of the process itself.
type Config struct {
	// HTTPAddr is where /metrics, /healthz and /readyz are served.
	HTTPAddr string `env:"MILLRACE_HTTP_ADDR" envDefault:"127.0.0.1:8080"`
	// LogLevel is debug, info, warn or error.
	LogLevel string `env:"MILLRACE_LOG_LEVEL" envDefault:"info"`
	// LogFormat is text or json; auto is text on a terminal and json otherwise.
	LogFormat string `env:"MILLRACE_LOG_FORMAT" envDefault:"auto"`
	// NumShards is how many shards a view gets that does not say num_shards.
	NumShards int `env:"MILLRACE_NUM_SHARDS" envDefault:"4"`
	// PartialsRetention is how long partials are kept, in milliseconds, which
	// bounds how old a restored backup of the database may be. 7 days.
	PartialsRetention int64 `env:"MILLRACE_PARTIALS_RETENTION_MS" envDefault:"604800000"`
}

// notInName are the characters that a node's name cannot have.
var notInName = regexp.MustCompile(`[^a-zA-Z0-9_-]+`)

// Complete fills in what is derived: the node's name from the host's, and one
// cluster name for both sides.
func (s *Settings) Complete() {
	s.Database.Cluster = s.Node.Cluster
	if s.Node.Node == "" {
		host, err := os.Hostname()
		if err != nil {
			host = "node"
		}
		name := strings.Trim(notInName.ReplaceAllString(host, "-"), "-_")
		s.Node.Node = name[:min(len(name), 64)]
	}
}

// Validate reports every setting that cannot work.
func (s *Settings) Validate() error {
	return errors.Join(s.Kafka.Validate(), s.Node.Validate(), s.Database.Validate(), s.Service.validate())
}

func (c *Config) validate() error {
	var faults []error
	if c.NumShards < 1 || c.NumShards > 1024 {
		faults = append(faults, fmt.Errorf("MILLRACE_NUM_SHARDS is %d: use 1 to 1024", c.NumShards))
	}
	switch c.LogLevel {
	case "debug", "info", "warn", "error":
	default:
		faults = append(faults, fmt.Errorf("MILLRACE_LOG_LEVEL is %q: use debug, info, warn or error", c.LogLevel))
	}
	switch c.LogFormat {
	case "auto", "text", "json":
	default:
		faults = append(faults, fmt.Errorf("MILLRACE_LOG_FORMAT is %q: use auto, text or json", c.LogFormat))
	}
	if c.PartialsRetention < -1 {
		faults = append(faults, fmt.Errorf("MILLRACE_PARTIALS_RETENTION_MS is %d: use milliseconds, or -1 for ever", c.PartialsRetention))
	}
	return errors.Join(faults...)
}
