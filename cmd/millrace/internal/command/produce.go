package command

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"
	"github.com/twmb/franz-go/pkg/kerr"

	"github.com/millrace/millrace/cmd/millrace/internal/console"
	"github.com/millrace/millrace/cmd/millrace/internal/ndjson"
	"github.com/millrace/millrace/consumer/broker"
	"github.com/millrace/millrace/consumer/catalog"
	"github.com/millrace/millrace/topology"
)

func (a *app) produceCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "produce STREAM [FILE]",
		Short: "Write lines to a stream's topic",
		Long: `Write each line of a file, or of standard input, as a record to a stream's topic,
as it is: lines of JSON for the formats json and ndjson, of csv or text for
these, any lines for raw. A csv value with a line end in it is two lines here.
Blank lines are left out. A file that ends in .gz is decompressed. The name of
an existing topic that is no stream does as well.

Producing twice writes twice. It needs Kafka alone, not PostgreSQL.`,
		Example: `  millrace produce clicks clicks.ndjson
  millrace produce clicks clicks.ndjson.gz
  echo '{"url": "/", "ms": 12}' | millrace produce clicks`,
		Args: cobra.RangeArgs(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			name := "-"
			if len(args) == 2 {
				name = args[1]
			}
			return a.produce(cmd.Context(), args[0], name)
		},
	}
}

func (a *app) produce(ctx context.Context, stream, name string) error {
	if err := a.settings.Check(); err != nil {
		return err
	}
	input, err := a.openInput(name)
	if err != nil {
		return err
	}
	defer input.close()
	topic, definition, err := a.findTopic(ctx, stream)
	if err != nil {
		return err
	}
	if err := linesFit(definition); err != nil {
		return err
	}
	producer, err := broker.NewProducer(a.settings.Kafka, a.log)
	if err != nil {
		return err
	}
	defer producer.Close()
	lines := input.reader
	if definition != nil && (definition.Format == "json" || definition.Format == "ndjson") {
		lines = a.warn(definition, lines)
	}
	out := console.New(a.err)
	start := time.Now()
	records, err := producer.Lines(ctx, topic, lines, func(records, _ int64) { input.draw(out, records, time.Since(start)) })
	out.Clear()
	if err != nil && errors.Is(err, context.Canceled) {
		out.Printf("%s records were written to topic %s before the interruption\n", console.Number(records), topic)
		return err
	}
	if err != nil {
		return fmt.Errorf("%w (%s records were written)", err, console.Number(records))
	}
	took := time.Since(start)
	out.Printf("%s records to topic %s in %.2f s (%s records/s)\n",
		console.Number(records), topic, took.Seconds(), console.Number(rate(records, took)))
	return nil
}

// linesFit refuses a stream whose records begin with a header: each line would be one.
func linesFit(s *topology.Stream) error {
	if s == nil || s.Copy == nil || s.Copy.Header == "" {
		return nil
	}
	return fmt.Errorf("stream %q has header = '%s': each of its records begins with a header line, and this command makes a record of each line; "+
		"create the stream without header, and leave the file's first line out: tail -n +2 FILE | millrace produce %s", s.Name, s.Copy.Header, s.Name)
}

func rate(records int64, took time.Duration) int64 {
	return int64(float64(records) / max(took.Seconds(), 1e-6))
}

// findTopic finds a stream's topic in the catalog, or the topic of that name.
// The stream is nil where there is none.
func (a *app) findTopic(ctx context.Context, name string) (string, *topology.Stream, error) {
	admin, err := broker.NewAdmin(a.settings.Kafka, a.log)
	if err != nil {
		return "", nil, err
	}
	defer admin.Close()
	if err := admin.Ping(ctx); err != nil {
		return "", nil, err
	}
	log, err := catalog.Open(ctx, a.settings.Kafka, a.settings.Node.Cluster, a.log)
	if err != nil {
		return "", nil, err
	}
	defer log.Close()
	current, err := log.Read(ctx)
	if err != nil {
		return "", nil, err
	}
	if s, ok := current.Stream(name); ok {
		return s.Topic, s, nil
	}
	if _, ok := current.View(name); ok {
		return "", nil, fmt.Errorf("%q is a continuous view: produce to the stream that it reads", name)
	}
	_, err = admin.Topic(ctx, name)
	if errors.Is(err, kerr.UnknownTopicOrPartition) || errors.Is(err, kerr.InvalidTopicException) {
		return "", nil, fmt.Errorf("%w, and there is no topic of that name", noStream(current, name))
	}
	return name, nil, err
}

// warn says where the first lines do not look like the stream's, and returns a
// reader of all lines. It looks at what comes at once: a slow pipe is not
// waited for.
func (a *app) warn(s *topology.Stream, lines io.Reader) io.Reader {
	var columns []string
	for _, c := range s.Columns {
		columns = append(columns, c.Name)
	}
	sample := make([]byte, ndjson.SampleBytes)
	n, err := lines.Read(sample)
	sample = sample[:n]
	if warning := ndjson.Mismatch(sample, columns); warning != "" {
		fmt.Fprintf(a.err, "WARNING:  stream %q: %s\n", s.Name, warning)
	}
	if err != nil {
		return io.MultiReader(bytes.NewReader(sample), readFunc(func([]byte) (int, error) { return 0, err }))
	}
	return io.MultiReader(bytes.NewReader(sample), lines)
}

// input is what is produced, and how much of it has been read.
type input struct {
	reader io.Reader
	size   int64 // of the file, 0 where it is not known
	read   atomic.Int64
	closer []io.Closer
}

func (i *input) close() {
	for _, c := range i.closer {
		_ = c.Close() // only read from
	}
}

// Read counts what is read of the file, before it is decompressed.
func (i *input) count(r io.Reader) io.Reader {
	return readFunc(func(p []byte) (int, error) {
		n, err := r.Read(p)
		i.read.Add(int64(n))
		return n, err
	})
}

type readFunc func([]byte) (int, error)

func (f readFunc) Read(p []byte) (int, error) { return f(p) }

func (a *app) openInput(name string) (*input, error) {
	i := &input{}
	if name == "-" {
		i.reader = i.count(a.in)
		return i, nil
	}
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	i.closer = append(i.closer, file)
	if info, err := file.Stat(); err == nil && info.Mode().IsRegular() {
		i.size = info.Size()
	}
	i.reader = i.count(file)
	if strings.HasSuffix(name, ".gz") {
		plain, err := gzip.NewReader(i.reader)
		if err != nil {
			i.close()
			return nil, fmt.Errorf("decompress %s: %w", name, err)
		}
		i.reader = plain
	}
	return i, nil
}

// draw shows the progress on a terminal.
func (i *input) draw(out *console.Console, records int64, took time.Duration) {
	line := fmt.Sprintf("%s records  %s/s", console.Number(records), console.Number(rate(records, took)))
	if i.size > 0 {
		share := float64(i.read.Load()) / float64(i.size)
		line = fmt.Sprintf("%s %3.0f %%  %s", console.Bar(share), 100*share, line)
	}
	out.Draw(line)
}
