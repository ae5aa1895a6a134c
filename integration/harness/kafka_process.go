package harness

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/millrace/millrace/internal/childproc"
)

//go:embed kafka/server.properties
var kafkaProperties string

//go:embed kafka/log4j2.properties
var kafkaLogging []byte

// kafkaProcess is a broker that runs as a child process.
type kafkaProcess struct {
	jars    string
	dir     string // its configuration, data and log
	folder  *childproc.Folder
	process *childproc.Process // the latest, perhaps ended
}

// newKafkaProcess lays out the folder of a process in its cluster; start runs it.
func newKafkaProcess(ctx context.Context, q quorum, at place) (*kafkaProcess, error) {
	jars, err := KafkaJars(ctx)
	if err != nil {
		return nil, err
	}
	folder, err := makeFolder("millrace-kafka-")
	if err != nil {
		return nil, err
	}
	k := &kafkaProcess{jars: jars, dir: folder.Path, folder: folder}
	if err := k.layOut(ctx, q, at); err != nil {
		return nil, errors.Join(err, k.remove(ctx))
	}
	return k, nil
}

func (k *kafkaProcess) layOut(ctx context.Context, q quorum, at place) error {
	properties := strings.NewReplacer(append(q.settings(at), "@DATA@", filepath.Join(k.dir, "data"))...).Replace(kafkaProperties)
	if err := os.WriteFile(k.properties(), []byte(properties), 0o644); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(k.dir, "log4j2.properties"), kafkaLogging, 0o644); err != nil {
		return err
	}
	// A cluster's id is 16 bytes in base64; its value says nothing.
	format := k.java("-Xmx128m", "kafka.tools.StorageTool", "format", "-t", "bWlsbHJhY2UtdGVzdC1rYQ", "-c", k.properties())
	if at.controller {
		format = append(format, "--initial-controllers", q.voters(!at.broker))
	}
	if err := run(ctx, "java", format...); err != nil {
		return fmt.Errorf("format the broker's folder: %w", err)
	}
	return nil
}

// java puts the flags that every run shares before a main class: the quick
// compiler alone and the simplest collector, for a process that lives minutes.
func (k *kafkaProcess) java(heap string, class ...string) []string {
	return append([]string{
		heap, "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Djava.awt.headless=true",
		"-Dlog4j2.configurationFile=" + filepath.Join(k.dir, "log4j2.properties"), "-cp", filepath.Join(k.jars, "*"),
	}, class...)
}

func (k *kafkaProcess) start(context.Context) error {
	if k.process != nil && !k.process.Ended() {
		return fmt.Errorf("process %d still runs", k.process.Pid())
	}
	log, err := os.OpenFile(filepath.Join(k.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()
	k.process, err = childproc.Start(childproc.Spec{Path: "java", Args: k.java("-Xmx512m", "kafka.Kafka", k.properties()), Dir: k.dir, Output: log})
	return err
}

func (k *kafkaProcess) stop(context.Context) error {
	if k.process != nil {
		k.process.Stop(syscall.SIGTERM, 20*time.Second)
	}
	return nil
}

func (k *kafkaProcess) kill(context.Context) error {
	if k.process != nil {
		k.process.Kill()
	}
	return nil
}

func (k *kafkaProcess) remove(context.Context) error {
	return k.folder.Remove()
}

func (k *kafkaProcess) describe() string {
	return fmt.Sprintf("local process, Apache Kafka %s from Maven, pid %d", kafkaVersion, k.process.Pid())
}

func (k *kafkaProcess) properties() string { return filepath.Join(k.dir, "server.properties") }
