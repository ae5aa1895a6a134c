package harness

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
	"github.com/testcontainers/testcontainers-go"
)

// The images where no setting names one: the projects' own.
const (
	defaultKafkaImage    = "apache/kafka:4.1.0"
	defaultPostgresImage = "postgres:18"
)

// serverContainer is a server that runs in a container on a fixed port of the
// host's loopback address.
//
// The port is fixed beforehand because a mapped one changes at every start, and
// because a broker must tell its clients its address.
type serverContainer struct {
	request   testcontainers.ContainerRequest
	container testcontainers.Container
}

// newKafkaContainer prepares a broker for the official image and for the one
// that deployments/images builds: each reads its own variables.
func newKafkaContainer(portNumber int) *serverContainer {
	advertised := loopback(portNumber)
	return newContainer(image(envKafkaImage, defaultKafkaImage), "9092/tcp", portNumber, map[string]string{
		"ADVERTISED":                                     advertised,
		"KAFKA_NODE_ID":                                  "1",
		"KAFKA_PROCESS_ROLES":                            "broker,controller",
		"KAFKA_LISTENERS":                                "PLAINTEXT://0.0.0.0:9092,INTERNAL://127.0.0.1:9094,CONTROLLER://127.0.0.1:9093",
		"KAFKA_ADVERTISED_LISTENERS":                     "PLAINTEXT://" + advertised + ",INTERNAL://127.0.0.1:9094",
		"KAFKA_LISTENER_SECURITY_PROTOCOL_MAP":           "PLAINTEXT:PLAINTEXT,INTERNAL:PLAINTEXT,CONTROLLER:PLAINTEXT",
		"KAFKA_INTER_BROKER_LISTENER_NAME":               "INTERNAL",
		"KAFKA_CONTROLLER_LISTENER_NAMES":                "CONTROLLER",
		"KAFKA_CONTROLLER_QUORUM_VOTERS":                 "1@127.0.0.1:9093",
		"KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR":         "1",
		"KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
		"KAFKA_TRANSACTION_STATE_LOG_MIN_ISR":            "1",
		"KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS":         "0",
		"KAFKA_AUTO_CREATE_TOPICS_ENABLE":                "false",
		"KAFKA_BROKER_SESSION_TIMEOUT_MS":                "2000",
		"KAFKA_BROKER_HEARTBEAT_INTERVAL_MS":             "400",
	})
}

func newPostgresContainer(portNumber int) *serverContainer {
	return newContainer(image(envPostgresImage, defaultPostgresImage), "5432/tcp", portNumber,
		map[string]string{"POSTGRES_HOST_AUTH_METHOD": "trust"})
}

func newContainer(imageName, inside string, portNumber int, env map[string]string) *serverContainer {
	return &serverContainer{request: testcontainers.ContainerRequest{
		Image: imageName, Env: env, ExposedPorts: []string{inside},
		HostConfigModifier: func(host *container.HostConfig) {
			host.PortBindings = network.PortMap{network.MustParsePort(inside): []network.PortBinding{
				{HostIP: netip.MustParseAddr("127.0.0.1"), HostPort: fmt.Sprint(portNumber)},
			}}
		},
	}}
}

func (c *serverContainer) start(ctx context.Context) error {
	if c.container != nil {
		return c.container.Start(ctx)
	}
	created, err := testcontainers.GenericContainer(ctx, testcontainers.GenericContainerRequest{ContainerRequest: c.request, Started: true})
	c.container = created // even on failure: remove must find it
	return err
}

func (c *serverContainer) stop(ctx context.Context) error { return c.end(ctx, 20*time.Second) }

// kill stops with no grace at all, which is SIGKILL.
func (c *serverContainer) kill(ctx context.Context) error { return c.end(ctx, 0) }

func (c *serverContainer) end(ctx context.Context, grace time.Duration) error {
	if c.container == nil {
		return nil
	}
	return c.container.Stop(ctx, &grace)
}

func (c *serverContainer) remove(context.Context) error {
	return testcontainers.TerminateContainer(c.container)
}

func (c *serverContainer) describe() string {
	id := c.container.GetContainerID()
	return fmt.Sprintf("container %s of %s", id[:min(12, len(id))], c.request.Image)
}
