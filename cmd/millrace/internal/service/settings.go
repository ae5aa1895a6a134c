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
	"github.com/millrace/millrace/sink/evaluate"
)

// Settings are everything that can be set, by environment variables and by
// flags of the same names (MILLRACE_KAFKA_BROKERS is --kafka-brokers).
type Settings struct {
	Kafka     broker.Config
	Node      consumer.Config
	Database  sink.Config
	Evaluator evaluate.Config
	Service   Config
	Dev       DevConfig
}

// Config holds the settings of the process itself.
type Config struct {
	// HTTPAddr is where /metrics, /healthz and /readyz are served.
	HTTPAddr string `env:"MILLRACE_HTTP_ADDR" envDefault:"127.0.0.1:18080"`
	// LogLevel is debug, info, warn or error.
	LogLevel string `env:"MILLRACE_LOG_LEVEL" envDefault:"info"`
	// LogFormat is text or json; auto is text on a terminal and json otherwise.
	LogFormat string `env:"MILLRACE_LOG_FORMAT" envDefault:"auto"`
	// NumShards is how many shards a view gets where neither its WITH nor the
	// database's settings say (docs/cluster.md).
	NumShards int `env:"MILLRACE_NUM_SHARDS" envDefault:"4"`
	// PartialsRetention is how long partials are kept, in milliseconds, which
	// bounds how old a restored backup of the database may be. 7 days.
	PartialsRetention int64 `env:"MILLRACE_PARTIALS_RETENTION_MS" envDefault:"604800000"`
}

// DevConfig holds the settings of `millrace dev` and `millrace demo`.
type DevConfig struct {
	// KafkaPort is where the embedded broker of `millrace dev` listens, on
	// 127.0.0.1. The default is that of MILLRACE_KAFKA_BROKERS.
	KafkaPort int `env:"MILLRACE_DEV_KAFKA_PORT" envDefault:"19092"`
	// PostgresPort is where the embedded PostgreSQL of `millrace dev` listens, on
	// 127.0.0.1. The default is that of MILLRACE_DATABASE_URL.
	PostgresPort int `env:"MILLRACE_DEV_POSTGRES_PORT" envDefault:"15432"`
	// PostgresMirror is the base URL of a Maven repository that PostgreSQL is
	// downloaded from, once. Empty: Maven Central.
	PostgresMirror string `env:"MILLRACE_DEV_POSTGRES_MIRROR"`
	// PostgresCache is the folder that keeps the downloaded PostgreSQL. Empty:
	// millrace in the user's cache folder, for root /var/cache/millrace.
	PostgresCache string `env:"MILLRACE_DEV_POSTGRES_CACHE"`
	// DataDir is where the embedded database's folder is made, to be removed at
	// the end. Empty: the system's folder for temporary files.
	DataDir string `env:"MILLRACE_DEV_DATA_DIR"`
}

// notInName are the characters that a node's name cannot have.
var notInName = regexp.MustCompile(`[^a-zA-Z0-9_-]+`)

// Complete fills in what is derived: the node's name from the host's, and
// one name of cluster and node for both sides.
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
	s.Database.Node = s.Node.Node
}

// Validate reports every setting that cannot work.
func (s *Settings) Validate() error {
	return errors.Join(s.Kafka.Validate(), s.Node.Validate(), s.Database.Validate(), s.Evaluator.Validate(), s.Service.validate(), s.Dev.validate())
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

func (c *DevConfig) validate() error {
	var faults []error
	for _, port := range []struct {
		name   string
		number int
	}{{"MILLRACE_DEV_KAFKA_PORT", c.KafkaPort}, {"MILLRACE_DEV_POSTGRES_PORT", c.PostgresPort}} {
		if port.number < 1 || port.number > 65535 {
			faults = append(faults, fmt.Errorf("%s is %d: use 1 to 65535", port.name, port.number))
		}
	}
	return errors.Join(faults...)
}

// Check is Complete and Validate in one.
func (s *Settings) Check() error {
	s.Complete()
	return s.Validate()
}
