package oracle

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace/millrace/aggregator/statement"
)

// Corpus is what the scripts say.
type Corpus struct {
	Streams []*Stream
	Cases   []*Case
	Objects []string // SQL, to be carried out before anything else
}

// Stream is a stream with its records.
type Stream struct {
	Name     string
	Columns  string // SQL: "a integer, b text"
	Options  string // SQL: "on_error = 'skip'", "" for none
	Inferred bool   // a topic without CREATE STREAM
	Kafka    bool   // its plain table has the metadata columns
	Skips    bool   // on_error = 'skip': bad records leave nothing
	Large    bool   // its groups need blocks of full size
	Records  []Record
}

// Record is one record of a stream.
type Record struct {
	Value []byte
	Plain string // as PostgreSQL's json reads it
	Early bool   // produced before the views are created
	Dead  string // the SQLSTATE by which it cannot be decoded, "" for one that can

	Key     []byte
	Headers []kgo.RecordHeader
	Time    time.Time
}

// Case is one view and what is expected of it.
type Case struct {
	Name   string
	Place  string // file:line
	Stream *Stream
	Select string
	Latest bool // start = 'latest': without the early records
	Approx []int
	Loose  []int
	// Ordered says that the rows come in PostgreSQL's order.
	Ordered bool
	Expect  []Expectation
}

// Expectation is an exception from being equal to PostgreSQL's answer.
type Expectation struct {
	Kind string // error, group, dead
	Code string // SQLSTATE
	Text string // a part of the message, or a condition
}

// Refused returns the error that the view's creation must end with.
func (c *Case) Refused() (Expectation, bool) { return c.expects("error") }

func (c *Case) expects(kind string) (Expectation, bool) {
	at := slices.IndexFunc(c.Expect, func(e Expectation) bool { return e.Kind == kind })
	if at < 0 {
		return Expectation{}, false
	}
	return c.Expect[at], true
}

// Load reads the scripts of a folder, all of them where none is named.
func Load(folder string, names ...string) (*Corpus, error) {
	files, err := filepath.Glob(filepath.Join(folder, "*.oracle"))
	if err != nil {
		return nil, err
	}
	corpus := &Corpus{}
	for _, file := range files {
		if len(names) > 0 && !slices.Contains(names, strings.TrimSuffix(filepath.Base(file), ".oracle")) {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		p := &parser{corpus: corpus, file: filepath.Base(file), lines: strings.Split(string(text), "\n")}
		if err := p.parse(); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", p.file, p.line, err)
		}
	}
	return corpus, nil
}

// parser reads one script.
type parser struct {
	corpus *Corpus
	file   string
	lines  []string
	line   int // of the directive at hand, from 1
}

func (p *parser) parse() error {
	for at := 0; at < len(p.lines); {
		head := p.lines[at]
		p.line = at + 1
		at++
		if strings.TrimSpace(head) == "" || strings.HasPrefix(head, "#") {
			continue
		}
		var body []string
		for ; at < len(p.lines) && (strings.HasPrefix(p.lines[at], "\t") || p.lines[at] == ""); at++ {
			if p.lines[at] != "" {
				body = append(body, strings.TrimPrefix(p.lines[at], "\t"))
			}
		}
		words := strings.Fields(head)
		if len(words) < 2 {
			return fmt.Errorf("directive %q has no name", head)
		}
		if err := p.directive(words[0], words[1], words[2:], body); err != nil {
			return err
		}
	}
	return nil
}

func (p *parser) directive(what, name string, args, body []string) error {
	if what == "objects" {
		p.objects(body)
		return nil
	}
	if what == "stream" {
		return p.stream(name, args, body)
	}
	if what == "view" {
		return p.view(name, args, body)
	}
	stream := p.find(name)
	if stream == nil {
		return fmt.Errorf("no stream %s", name)
	}
	switch what {
	case "rows":
		return rows(stream, args, body)
	case "random":
		return random(stream, args)
	}
	return fmt.Errorf("no directive %s", what)
}

func (p *parser) find(name string) *Stream {
	for _, s := range p.corpus.Streams {
		if s.Name == name {
			return s
		}
	}
	return nil
}

func (p *parser) stream(name string, args, body []string) error {
	if p.find(name) != nil {
		return fmt.Errorf("two streams %s", name)
	}
	s := &Stream{Name: name, Columns: strings.Join(body, "\n")}
	for _, a := range args {
		switch {
		case a == "inferred":
			s.Inferred = true
		case a == "metadata":
			s.Kafka = true
		case a == "large":
			s.Large = true
		case strings.Contains(a, "="):
			s.Options += ", " + a
			s.Skips = s.Skips || a == "on_error='skip'"
		default:
			return fmt.Errorf("no argument %s of a stream", a)
		}
	}
	p.corpus.Streams = append(p.corpus.Streams, s)
	return nil
}

// rows reads records that are written out.
func rows(s *Stream, args, body []string) error {
	var r Record
	for _, a := range args {
		code, dead := strings.CutPrefix(a, "dead=")
		switch {
		case dead:
			r.Dead = code
		case a == "early":
			r.Early = true
		case strings.HasPrefix(a, "key="):
			r.Key = []byte(a[len("key="):])
		case strings.HasPrefix(a, "header="):
			name, value, is := strings.Cut(a[len("header="):], ":")
			h := kgo.RecordHeader{Key: name}
			if is {
				h.Value = []byte(value)
			}
			r.Headers = append(r.Headers, h)
		case strings.HasPrefix(a, "time="):
			ago, err := time.ParseDuration(a[len("time="):])
			if err != nil {
				return err
			}
			r.Time = time.Now().UTC().Truncate(time.Hour).Add(ago)
		default:
			return fmt.Errorf("no argument %s of rows", a)
		}
	}
	for _, line := range body {
		r.Value, r.Plain = []byte(line), line
		if strings.HasPrefix(line, `"`) {
			quoted, err := strconv.QuotedPrefix(line)
			if err != nil {
				return fmt.Errorf("record %s: %w", line, err)
			}
			value, err := strconv.Unquote(quoted)
			if err != nil {
				return fmt.Errorf("record %s: %w", line, err)
			}
			r.Value = []byte(value)
			r.Plain = strings.TrimPrefix(strings.TrimSpace(line[len(quoted):]), "= ")
		}
		s.Records = append(s.Records, r)
	}
	return nil
}

func (p *parser) view(name string, args, body []string) error {
	c := &Case{Name: name, Place: fmt.Sprintf("%s:%d", p.file, p.line)}
	for _, other := range p.corpus.Cases {
		if other.Name == name {
			return fmt.Errorf("view %s is at %s already", name, other.Place)
		}
	}
	if err := viewArguments(c, args); err != nil {
		return err
	}
	var lines []string
	for _, line := range body {
		text, is := strings.CutPrefix(line, "! ")
		if !is {
			lines = append(lines, line)
			continue
		}
		e, err := expectation(text)
		if err != nil {
			return err
		}
		c.Expect = append(c.Expect, e)
	}
	c.Select = strings.Join(lines, "\n")
	for _, ref := range statement.StreamNames(c.Select) {
		if s := p.find(ref.Name); s != nil {
			c.Stream = s
			break
		}
	}
	if _, refused := c.Refused(); c.Stream == nil && !refused {
		return fmt.Errorf("view %s reads no stream of the scripts", name)
	}
	p.corpus.Cases = append(p.corpus.Cases, c)
	return nil
}

func viewArguments(c *Case, args []string) (err error) {
	for _, a := range args {
		name, value, _ := strings.Cut(a, "=")
		switch name {
		case "approx":
			c.Approx, err = numbers(value)
		case "loose":
			c.Loose, err = numbers(value)
		case "start":
			c.Latest = value == "latest"
		case "ordered":
			c.Ordered = true
		default:
			err = fmt.Errorf("no argument %s of a view", a)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func numbers(list string) (all []int, err error) {
	for text := range strings.SplitSeq(list, ",") {
		n, err := strconv.Atoi(text)
		if err != nil {
			return nil, err
		}
		all = append(all, n)
	}
	return all, nil
}

func expectation(text string) (Expectation, error) {
	words := strings.SplitN(text, " ", 3)
	if len(words) < 3 || len(words[1]) != 5 {
		return Expectation{}, fmt.Errorf("expectation %q is not: kind SQLSTATE text", text)
	}
	e := Expectation{Kind: words[0], Code: words[1], Text: words[2]}
	switch e.Kind {
	case "error":
		return e, nil
	case "group", "dead":
		condition, ok := strings.CutPrefix(e.Text, "where ")
		if !ok {
			return e, fmt.Errorf("expectation %q has no where", text)
		}
		e.Text = condition
		return e, nil
	}
	return e, fmt.Errorf("no expectation %s", e.Kind)
}
