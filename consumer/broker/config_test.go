package broker

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const secret = "correct horse battery"

func TestValidateReportsEveryFault(t *testing.T) {
	err := Config{Brokers: []string{"nowhere", "b:0", ":9092", "ok:9092"}, CertFile: "c", SASL: "GSSAPI", Password: secret}.Validate()
	if err == nil {
		t.Fatal("nothing was found")
	}
	for _, want := range []string{`"nowhere"`, `"b:0"`, `":9092"`, "KEY_FILE", `"GSSAPI"`, "REPLICATION_FACTOR is 0"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%s is missing from\n%v", want, err)
		}
	}
	if strings.Contains(err.Error(), secret) || strings.Contains(err.Error(), "ok:9092") {
		t.Errorf("too much is said:\n%v", err)
	}
}

func TestValidate(t *testing.T) {
	good := Config{Brokers: []string{"127.0.0.1:9092", "[::1]:9093"}, ReplicationFactor: -1}
	for _, c := range []struct {
		change func(*Config)
		fault  string
	}{
		{func(*Config) {}, ""},
		{func(c *Config) { c.Brokers = nil }, "BROKERS is empty"},
		{func(c *Config) { c.ReplicationFactor = -2 }, "REPLICATION_FACTOR is -2"},
		{func(c *Config) { c.User = "u" }, "without MILLRACE_KAFKA_SASL_MECHANISM"},
		{func(c *Config) { c.SASL = SASLPlain; c.User = "u" }, "PASSWORD are needed"},
		{func(c *Config) { c.SASL, c.User, c.Password = SASLScram512, "u", secret }, ""},
		{func(c *Config) { c.CertFile, c.KeyFile = "c", "k" }, ""},
	} {
		cfg := good
		c.change(&cfg)
		err := cfg.Validate()
		if c.fault == "" && err != nil || c.fault != "" && (err == nil || !strings.Contains(err.Error(), c.fault)) {
			t.Errorf("%+v: %v, want %q", cfg, err, c.fault)
		}
	}
}

func TestSecretIsHidden(t *testing.T) {
	cfg := Config{SASL: SASLPlain, User: "u", Password: secret}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "config", cfg, "password", cfg.Password, "pointer", &cfg)
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "config", cfg, "password", cfg.Password)
	encoded, err := json.Marshal(cfg)
	if err != nil {
		t.Fatal(err)
	}
	shown := fmt.Sprintf("%v %+v %#v %s %q %s %s", cfg, cfg, cfg, cfg.Password, cfg.Password, encoded, log.String())
	if strings.Contains(shown, secret) || strings.Contains(shown, "correct") {
		t.Fatalf("the password is shown: %s", shown)
	}
	if !strings.Contains(shown, hidden) || Secret("").String() != "" {
		t.Fatalf("the placeholder is missing: %s", shown)
	}
	var read Secret
	if err := read.UnmarshalText([]byte(secret)); err != nil || string(read) != secret {
		t.Fatal("the secret was not taken")
	}
}

func TestOptionsNameTheFile(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "empty.pem")
	if err := os.WriteFile(empty, []byte("nothing"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, cfg := range []Config{
		{CAFile: "/does/not/exist.pem"}, {CAFile: empty}, {CertFile: empty, KeyFile: empty},
	} {
		cfg.Brokers, cfg.ReplicationFactor = []string{"127.0.0.1:9092"}, -1
		if _, err := Options(cfg, quiet()); err == nil || !strings.Contains(err.Error(), "_FILE") || !strings.Contains(err.Error(), ".pem") {
			t.Errorf("%+v: %v", cfg, err)
		}
	}
}
