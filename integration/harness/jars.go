package harness

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/millrace/millrace/internal/childproc"
)

// kafkaVersion is the broker's; the pom says the same, which a test checks.
const kafkaVersion = "4.4.0"

//go:embed kafka/pom.xml
var kafkaPom []byte

// KafkaJars returns the folder of the broker's jars, fetched the first time
// (43 MB). Processes that fetch at once wait for each other.
func KafkaJars(ctx context.Context) (string, error) {
	cache, err := childproc.CacheDir()
	if err != nil {
		return "", err
	}
	home := filepath.Join(cache, "kafka-"+kafkaVersion)
	lock, err := childproc.WaitLock(ctx, home+".lock")
	if err != nil {
		return "", err
	}
	defer lock.Unlock()
	if err := needPrograms(ctx); err != nil {
		return "", err
	}
	if _, err := os.Stat(home); err == nil {
		return home, nil
	}
	scratch := home + ".partial"
	if err := os.RemoveAll(scratch); err != nil { // a killed run's
		return "", err
	}
	if err := os.MkdirAll(scratch, 0o755); err != nil {
		return "", err
	}
	pom := filepath.Join(scratch, "pom.xml")
	if err := os.WriteFile(pom, kafkaPom, 0o644); err != nil {
		return "", err
	}
	say("fetching Apache Kafka %s into %s (43 MB, once)", kafkaVersion, home)
	jars := filepath.Join(scratch, "libs")
	if err := run(ctx, "mvn", "-B", "-q", "-f", pom, "dependency:copy-dependencies", "-DincludeScope=runtime", "-DoutputDirectory="+jars); err != nil {
		return "", fmt.Errorf("fetch Apache Kafka: %w", err)
	}
	if err := os.Rename(jars, home); err != nil {
		return "", err
	}
	return home, os.RemoveAll(scratch)
}

// needPrograms sees to it that Java and Maven are there: it installs them where
// it may, which is as root on Debian and its kin, and else says what to install.
func needPrograms(ctx context.Context) error {
	var missing, packages []string
	for program, debian := range map[string]string{"java": "default-jre-headless", "mvn": "maven"} {
		if _, err := exec.LookPath(program); err != nil {
			missing, packages = append(missing, program), append(packages, debian)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	_, err := exec.LookPath("apt-get")
	if err != nil || os.Geteuid() != 0 {
		return fmt.Errorf("%s not found: install Java 17 or newer and Maven (on Debian: apt-get install %s), or name a broker with %s",
			strings.Join(missing, " and "), strings.Join(packages, " "), envBrokers)
	}
	say("installing %s", strings.Join(packages, " "))
	if err := run(ctx, "apt-get", "-qq", "update"); err != nil {
		return err
	}
	return run(ctx, "apt-get", append([]string{"-qq", "install", "-y", "--no-install-recommends"}, packages...)...)
}

// run runs a program to its end; what it printed is in the error.
func run(ctx context.Context, program string, args ...string) error {
	var out bytes.Buffer
	env := append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
	err := childproc.Run(ctx, childproc.Spec{Path: program, Args: args, Env: env, Output: &out})
	if err != nil {
		return fmt.Errorf("%w: %s", err, strings.TrimSpace(out.String()))
	}
	return nil
}

// say prints one line about the servers. Standard error, because standard
// output is the tests'.
func say(format string, args ...any) { fmt.Fprintf(os.Stderr, "harness: "+format+"\n", args...) }
