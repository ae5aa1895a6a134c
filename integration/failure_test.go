package integration

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/twmb/franz-go/pkg/kadm"

	"github.com/millrace/millrace/integration/harness"
	"github.com/millrace/millrace/integration/system"
)

// endsWithin is how long a command may take to say that something is wrong.
const endsWithin = 45 * time.Second

// trouble is something that keeps a node from starting and a command from
// working, and what the one line about it says.
type trouble struct {
	name string
	env  []string
	says []string // what, where, and the way out
}

// refuses runs the node and commands under a trouble: each ends with status 1
// and says it in one line.
func (s *scene) refuses(tr trouble) {
	s.t.Helper()
	env := append([]string{"MILLRACE_HTTP_ADDR=127.0.0.1:0"}, tr.env...)
	for _, args := range [][]string{{"run"}, {"views"}, {"flush"}, {"sql", "-c", "CREATE STREAM never (a int) WITH (partitions = 1)"}} {
		_, stderr, status := s.c.Within(endsWithin, env, "", args...)
		if args[0] == "run" || args[0] == "views" {
			checkOneLine(s.t, tr, args, stderr, status)
		}
		if status != 1 || !containsAll(flat(stderr), tr.says...) || strings.Contains(stderr, "goroutine") {
			s.t.Errorf("%s: %s: status %d, want %q in\n%s", tr.name, args[0], status, tr.says, stderr)
		}
	}
}

// checkOneLine wants one line for a person beside the log's.
func checkOneLine(t *testing.T, tr trouble, args []string, stderr string, status int) {
	t.Helper()
	lines := 0
	for line := range strings.Lines(stderr) {
		if strings.HasPrefix(line, "{") {
			continue // the log
		}
		lines++
		if !strings.HasPrefix(line, "millrace: ") {
			t.Errorf("%s: %s: a line that is not for people: %s", tr.name, args[0], line)
		}
	}
	if lines != 1 {
		t.Errorf("%s: %s: status %d and %d lines:\n%s", tr.name, args[0], status, lines, stderr)
	}
}

func flat(text string) string { return strings.ToLower(strings.Join(strings.Fields(text), " ")) }

// TestTroubleAtStart starts nodes and commands with what cannot work.
func TestTroubleAtStart(t *testing.T) {
	s := newScene(t)
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for _, tr := range []trouble{
		{"wrong broker", []string{"MILLRACE_KAFKA_BROKERS=127.0.0.1:1"}, []string{"kafka at 127.0.0.1:1", "refused", "millrace_kafka_brokers"}},
		{"unknown broker", []string{"MILLRACE_KAFKA_BROKERS=nowhere.invalid:9092"}, []string{"nowhere.invalid", "millrace_kafka_brokers"}},
		{"wrong database server", []string{"MILLRACE_DATABASE_URL=postgres://me:hush@127.0.0.1:1/db"}, []string{"postgresql at 127.0.0.1:1", "refused", "millrace_database_url"}},
		{"missing database", []string{"MILLRACE_DATABASE_URL=" + databaseURL(t, s.c.URL, "missing_one", "")}, []string{`database "missing_one" does not exist`, "3d000", "create the database"}},
		{"no URL", []string{"MILLRACE_DATABASE_URL=not a url"}, []string{"millrace_database_url"}},
	} {
		s.refuses(tr)
	}
	_, stderr, status := s.c.Within(endsWithin, []string{"MILLRACE_HTTP_ADDR=" + taken.Addr().String()}, "", "run")
	checkOneLine(t, trouble{name: "occupied port"}, []string{"run"}, stderr, status)
	if status != 1 || !containsAll(stderr, "MILLRACE_HTTP_ADDR", taken.Addr().String(), "address already in use", ":0") {
		t.Errorf("occupied port: status %d\n%s", status, stderr)
	}
}

// databaseURL puts another database or user into a connection string.
func databaseURL(t *testing.T, address, database, user string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	if database != "" {
		u.Path = "/" + database
	}
	if user != "" {
		u.User = url.User(user)
		if name, password, ok := strings.Cut(user, ":"); ok {
			u.User = url.UserPassword(name, password)
		}
	}
	return u.String()
}

// TestDatabaseThatRefuses meets a database that is read-only, and roles that may
// not create, or only read.
func TestDatabaseThatRefuses(t *testing.T) {
	s := newScene(t)
	ctx := t.Context()
	database := s.query("SELECT quote_ident(current_database())")
	role := "r_" + database
	s.db.exec(ctx, "CREATE ROLE "+role+" LOGIN PASSWORD 'right'")
	t.Cleanup(func() {
		s.db.exec(context.Background(), "DROP OWNED BY "+role)
		s.db.exec(context.Background(), "DROP ROLE "+role)
	})
	asRole := databaseURL(t, s.c.URL, "", role+":right")
	s.refuses(trouble{"no privilege", []string{"MILLRACE_DATABASE_URL=" + asRole}, []string{"permission denied", "42501", "grant"}})

	// Once installed by somebody else, the role still may not make tables.
	s.stream("events", "a int", 1)
	s.db.exec(ctx, "GRANT USAGE ON SCHEMA millrace TO "+role+"; GRANT ALL ON ALL TABLES IN SCHEMA millrace TO "+role)
	_, stderr, status := s.c.Within(endsWithin, []string{"MILLRACE_DATABASE_URL=" + asRole}, "CREATE CONTINUOUS VIEW v AS SELECT count(*) FROM events;", "sql")
	if status != 1 || !containsAll(stderr, "42501", "permission denied", "HINT:  GRANT") {
		t.Errorf("no CREATE on the schema: status %d\n%s", status, stderr)
	}
	if views := s.list("views"); len(views) != 0 {
		t.Errorf("a view that was refused is listed: %v", views)
	}

	fresh := harness.Get(t).DatabaseURL(t)
	set, err := pgx.Connect(ctx, fresh)
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close(context.Background())
	if _, err := set.Exec(ctx, `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = on', current_database()); END $$`); err != nil {
		t.Fatal(err)
	}
	s.refuses(trouble{"read-only", []string{"MILLRACE_DATABASE_URL=" + fresh}, []string{"read-only transaction", "25006", "millrace_database_url"}})
}

// TestWrongPassword meets a server that wants passwords. Nothing that is printed
// holds the one that was given.
func TestWrongPassword(t *testing.T) {
	servers := harness.Get(t)
	postgres := harness.NewPostgres(t, 0)
	s := sceneOn(t, servers.Cluster(t), servers.Brokers, postgres.Database(t))
	s.db.exec(t.Context(), "CREATE ROLE careful LOGIN PASSWORD 'right'")
	rules := "host all careful all scram-sha-256\nhost all all all trust\nlocal all all trust"
	s.db.exec(t.Context(), fmt.Sprintf("DO $$ BEGIN EXECUTE format('COPY (SELECT unnest(string_to_array(%%L, chr(10)))) TO %%L', %s, current_setting('hba_file')); END $$", "E'"+strings.ReplaceAll(rules, "\n", `\n`)+"'"))
	s.query("SELECT pg_reload_conf()")
	wrong := "MILLRACE_DATABASE_URL=" + databaseURL(t, s.c.URL, "", "careful:hush-hush")
	system.Wait(t, 30*time.Second, "the server wants passwords", func() bool {
		conn, err := pgx.Connect(t.Context(), databaseURL(t, s.c.URL, "", "careful:hush-hush"))
		if err == nil {
			_ = conn.Close(t.Context())
		}
		return err != nil
	})
	s.refuses(trouble{"wrong password", []string{wrong}, []string{"password authentication failed", "28p01", `user "careful"`, "millrace_database_url"}})
	for _, command := range []string{"views", "run"} {
		if out, stderr, _ := s.c.Within(endsWithin, []string{wrong, "MILLRACE_HTTP_ADDR=127.0.0.1:0"}, "", command); strings.Contains(out+stderr, "hush-hush") {
			t.Errorf("%s prints the password: %s%s", command, out, stderr)
		}
	}
}

// TestMissingTopic is told how a stream can make its topic.
func TestMissingTopic(t *testing.T) {
	s := newScene(t)
	sql := fmt.Sprintf("CREATE STREAM events (a int)\n  WITH (topic = '%s')", s.topic("events"))
	_, stderr, status := s.c.Command("", "sql", "-c", sql)
	want := fmt.Sprintf("ERROR:  42704: topic \"%s\" does not exist\nLINE 2:", s.topic("events"))
	if status != 1 || !strings.HasPrefix(stderr, want) || !containsAll(stderr, "HINT:", "WITH (partitions = 4)", "^") {
		t.Errorf("status %d\n%s", status, stderr)
	}
	if text := s.c.Must("", "views", "--json"); text != "[]\n" {
		t.Errorf("views: %s", text)
	}
	if _, stderr, status := s.c.Command("", "sql", "-c", "CREATE CONTINUOUS VIEW v AS SELECT count(*) FROM nothing"); status != 1 || !containsAll(stderr, "42P01", `stream "nothing" does not exist`, "HINT:") {
		t.Errorf("status %d\n%s", status, stderr)
	}
}

// pair is a scene of two streams, of which one gets into trouble.
func pair(t *testing.T) *scene {
	s := newScene(t)
	for _, name := range []string{"poor", "fine"} {
		s.stream(name, "a int", 1)
		s.c.SQL(fmt.Sprintf("CREATE CONTINUOUS VIEW v_%[1]s WITH (start = 'earliest') AS SELECT count(*), sum(a) FROM %[1]s;", name))
		s.produce(name, 0, `{"a": 1}`, `{"a": 2}`)
	}
	return s
}

// fineGoesOn shows that the other stream is read, and that the trouble is named
// in the log and by /readyz.
func (s *scene) fineGoesOn(n *system.Node, names ...string) {
	s.t.Helper()
	before := s.number("SELECT count FROM v_fine")
	s.produce("fine", 0, `{"a": 10}`)
	s.eventually(30*time.Second, "SELECT count FROM v_fine", fmt.Sprint(before+1))
	logged(s.t, n, 30*time.Second, append([]string{`"level":"ERROR"`}, names...)...)
	system.Wait(s.t, 30*time.Second, "the problem in /readyz", func() bool {
		status, body := n.Get("/readyz")
		for line := range strings.Lines(body) {
			if status == http.StatusOK && strings.HasPrefix(line, "stopped: ") && containsAll(line, names...) {
				return true
			}
		}
		return false
	})
	if got := n.Metric("millrace_problems_total", ""); got < 1 {
		s.t.Errorf("millrace_problems_total is %v", got)
	}
}

// wellAgain waits until nothing is stopped any more.
func (s *scene) wellAgain(n *system.Node) {
	s.t.Helper()
	body := ""
	defer func() {
		if s.t.Failed() {
			s.t.Logf("/readyz: %s", body)
		}
	}()
	system.Wait(s.t, 30*time.Second, "/readyz says ok alone", func() bool {
		_, body = n.Get("/readyz")
		return body == "ok\n"
	})
}

// TestRetentionPassed deletes records that were not read yet, while the node is
// down: nothing is skipped in silence.
func TestRetentionPassed(t *testing.T) {
	s := pair(t)
	node := s.c.Start().Ready()
	s.c.Flush()
	node.Stop()
	s.produce("poor", 0, `{"a": 4}`, `{"a": 8}`, `{"a": 16}`)
	gone := kadm.Offsets{}
	gone.Add(kadm.Offset{Topic: s.topic("poor"), Partition: 0, At: 4})
	if _, err := s.admin.DeleteRecords(t.Context(), gone); err != nil {
		t.Fatal(err)
	}
	node = s.c.Start().Ready()
	s.fineGoesOn(node, s.topic("poor"), "position 2", "retention")
	s.want("SELECT * FROM v_poor", "2 3")
	// The way out: the view is created anew with the start that one accepts.
	s.c.SQL("DROP CONTINUOUS VIEW v_poor; CREATE CONTINUOUS VIEW v_poor WITH (start = 'earliest') AS SELECT count(*), sum(a) FROM poor;")
	s.eventually(30*time.Second, "SELECT * FROM v_poor", "1 16")
	s.wellAgain(node)
}

// TestTopicMadeAgain deletes and creates an input topic under a node that runs,
// and under one that is down: the topic is named as another one.
func TestTopicMadeAgain(t *testing.T) {
	for _, running := range []bool{true, false} {
		t.Run(map[bool]string{true: "running", false: "down"}[running], func(t *testing.T) {
			s := pair(t)
			node := s.c.Start().Ready()
			s.c.Flush()
			if !running {
				node.Stop()
			}
			s.makeAgain("poor")
			late := sceneOn(t, s.c.Name, s.c.Brokers, s.c.URL)
			late.produce("poor", 0, `{"a": 100}`, `{"a": 100}`, `{"a": 100}`, `{"a": 100}`)
			if !running {
				node = s.c.Start().Ready()
			}
			s.fineGoesOn(node, s.topic("poor"), "created again")
			s.want("SELECT * FROM v_poor", "2 3")
			s.c.SQL(fmt.Sprintf("DROP STREAM poor CASCADE; CREATE STREAM poor (a int) WITH (topic = '%s'); ", s.topic("poor")) +
				"CREATE CONTINUOUS VIEW v_poor WITH (start = 'earliest') AS SELECT count(*), sum(a) FROM poor;")
			s.eventually(45*time.Second, "SELECT * FROM v_poor", "4 400")
			s.wellAgain(node)
		})
	}
}

// makeAgain deletes a stream's topic and creates another of its name.
func (s *scene) makeAgain(stream string) {
	s.t.Helper()
	if _, err := s.admin.DeleteTopic(s.t.Context(), s.topic(stream)); err != nil {
		s.t.Fatal(err)
	}
	system.Wait(s.t, 30*time.Second, "the topic is made again", func() bool {
		_, err := s.admin.CreateTopic(s.t.Context(), 1, 1, nil, s.topic(stream))
		return err == nil
	})
}

// TestResultTableDropped takes one view's table away under a node that runs: only that
// view stops.
func TestResultTableDropped(t *testing.T) {
	s := pair(t)
	s.c.SQL("CREATE CONTINUOUS VIEW beside WITH (start = 'earliest') AS SELECT count(*) FROM poor;")
	node := s.c.Start().Ready()
	s.c.Flush()
	s.db.exec(t.Context(), "DROP TABLE v_poor_mrel CASCADE")
	s.produce("poor", 0, `{"a": 4}`)
	s.fineGoesOn(node, "view v_poor")
	s.eventually(30*time.Second, "SELECT * FROM beside", "3")
	s.c.SQL("DROP CONTINUOUS VIEW v_poor; CREATE CONTINUOUS VIEW v_poor WITH (start = 'earliest') AS SELECT count(*), sum(a) FROM poor;")
	s.eventually(30*time.Second, "SELECT * FROM v_poor", "3 7")
	s.wellAgain(node)
}
