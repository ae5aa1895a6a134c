package harness

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// The environment variables that choose the servers. ServersEnv sets the first
// two for a child.
const (
	envBrokers         = "MILLRACE_TEST_KAFKA_BROKERS"
	envDatabaseURL     = "MILLRACE_TEST_DATABASE_URL"
	envContainers      = "MILLRACE_TEST_CONTAINERS"
	envKafkaImage      = "MILLRACE_TEST_KAFKA_IMAGE"
	envPostgresImage   = "MILLRACE_TEST_POSTGRES_IMAGE"
	envMillraceImage   = "MILLRACE_TEST_IMAGE"
	envPostgresVersion = "MILLRACE_TEST_POSTGRES_VERSION"
)

// givenBrokers are the brokers that the setting names; none where it is unset.
func givenBrokers() []string {
	var brokers []string
	for _, broker := range strings.Split(os.Getenv(envBrokers), ",") {
		if broker = strings.TrimSpace(broker); broker != "" {
			brokers = append(brokers, broker)
		}
	}
	return brokers
}

// Containers reports whether the tests are to use containers.
func Containers() bool {
	on, err := strconv.ParseBool(os.Getenv(envContainers))
	return err == nil && on
}

// postgresVersion is the major version that the setting asks for, 0 for any.
func postgresVersion() (int, error) {
	text := os.Getenv(envPostgresVersion)
	if text == "" {
		return 0, nil
	}
	major, err := strconv.Atoi(text)
	if err != nil {
		return 0, fmt.Errorf("%s: %q is not a major version such as 18", envPostgresVersion, text)
	}
	return major, nil
}

// image is the image that a setting names, or its default.
func image(setting, otherwise string) string {
	if name := os.Getenv(setting); name != "" {
		return name
	}
	return otherwise
}
