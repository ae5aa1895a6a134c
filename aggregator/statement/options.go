package statement

import (
	"slices"
	"strconv"
	"strings"

	"github.com/millrace/millrace/aggregator/datum"
)

// option is a parameter as written.
type option struct {
	name string
	Option
	valuePos int
}

// optionList reads (name = value, …), or (name 'value', …) without equals.
func (p *parser) optionList(equals bool) ([]option, error) {
	if err := p.expect("("); err != nil {
		return nil, err
	}
	var options []option
	for {
		name := p.peek()
		if !name.IsName() {
			return nil, p.unexpected("")
		}
		p.next()
		if equals && !p.accept("=") {
			return nil, p.unexpected("Write " + name.Value + " = value.")
		}
		value := p.peek()
		text := value.Value
		switch value.Kind {
		case String, Number, Ident, Quoted:
			p.next()
		default:
			sign := value.Text
			if !p.accept("-") || p.peek().Kind != Number {
				return nil, p.unexpected("")
			}
			text = sign + p.next().Value
		}
		options = append(options, option{name.Value, Option{Value: text, Pos: name.Pos}, value.Pos})
		if !p.accept(",") {
			break
		}
	}
	return options, p.expect(")")
}

// rule says what an option's value can be.
type rule struct {
	values   []string // any of these; nil for any text
	unbuilt  []string // those of the language that are not built yet
	min, max int      // an integer in this range where max is not 0
	start    bool     // a start position
	planned  bool     // the whole option is not built yet
	empty    bool     // any text, the empty one too
}

// maxPartitions bounds what a typing error can ask of a broker.
const maxPartitions = 10_000

// MaxShards is how many shards a view can have. It bounds the partitions of a
// stream's partials topic; the ring has more slots.
const MaxShards = 1024

var streamOptions = map[string]rule{
	"topic":              {},
	"format":             {values: []string{"json", "ndjson", "csv", "text", "raw"}, unbuilt: []string{"avro", "protobuf"}},
	"delimiter":          {empty: true},
	"null":               {empty: true},
	"quote":              {empty: true},
	"escape":             {empty: true},
	"header":             {values: []string{"true", "false", "on", "off", "1", "0", "match"}},
	"force_null":         {},
	"force_not_null":     {},
	"on_error":           {values: []string{"dead_letter", "skip", "stop"}},
	"start":              {start: true},
	"partitions":         {min: 1, max: maxPartitions},
	"replication_factor": {min: 1, max: 32767},
	"timestamp":          {planned: true},
}

var viewOptions = map[string]rule{
	"num_shards":      {min: 1, max: MaxShards},
	"start":           {start: true},
	"shard_factor":    {min: 1, max: 100},
	"sharding_policy": {values: []string{"read_optimized", "write_optimized"}},
	"action":          {values: []string{"materialize", "transform"}},
	"num_replicas":    {planned: true},
	"sw":              {planned: true},
	"sw_column":       {planned: true},
	"step_factor":     {planned: true},
	"ttl":             {planned: true},
	"ttl_column":      {planned: true},
	"pk":              {planned: true},
	"fillfactor":      {planned: true},
	"tablespace":      {planned: true},
}

// ParseShards reads a value of num_shards or shard_factor, wherever it was set.
// The error is that of a view's own parameter, without a position.
func ParseShards(parameter, value string) (int, *datum.Error) {
	return viewOptions[parameter].integer(parameter, value)
}

func checkStreamOptions(options []option) (map[string]Option, error) {
	checked, err := checkOptions("stream", options, streamOptions)
	if err != nil {
		return nil, err
	}
	return checked, checkCopy(checked)
}

func checkViewOptions(options []option) (map[string]Option, error) {
	for i := range options {
		if options[i].name == "shards" {
			options[i].name = "num_shards"
		}
	}
	checked, err := checkOptions("continuous view", options, viewOptions)
	if err != nil {
		return nil, err
	}
	number, hasNumber := checked["num_shards"]
	factor, hasFactor := checked["shard_factor"]
	if hasNumber && hasFactor {
		err := failPos(max(number.Pos, factor.Pos), datum.CodeSyntaxError, "conflicting parameters \"num_shards\" and \"shard_factor\"")
		err.Hint = "Give one of them: num_shards is a number of shards, shard_factor a percentage of the nodes."
		return nil, err
	}
	return checked, nil
}

func checkOptions(what string, options []option, known map[string]rule) (map[string]Option, error) {
	checked := map[string]Option{}
	for _, o := range options {
		rule, ok := known[o.name]
		if !ok {
			err := failPos(o.Pos, datum.CodeInvalidParameter, "unrecognized parameter \"%s\" of a %s", o.name, what)
			err.Hint = "Known: " + strings.Join(builtOptions(known), ", ") + "."
			return nil, err
		}
		if _, twice := checked[o.name]; twice {
			return nil, failPos(o.Pos, datum.CodeSyntaxError, "parameter \"%s\" specified more than once", o.name)
		}
		if err := rule.check(o); err != nil {
			return nil, err
		}
		checked[o.name] = o.Option
	}
	return checked, nil
}

func builtOptions(known map[string]rule) []string {
	var names []string
	for name, rule := range known {
		if !rule.planned {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func (r rule) check(o option) error {
	switch {
	case r.planned:
		return failPos(o.Pos, datum.CodeFeatureNotSupported, "parameter \"%s\" is not built yet", o.name)
	case slices.Contains(r.unbuilt, o.Value):
		err := failPos(o.valuePos, datum.CodeFeatureNotSupported, "%s = '%s' is not built yet", o.name, o.Value)
		err.Hint = "Built: " + strings.Join(r.values, ", ") + "."
		return err
	case r.start:
		if _, err := ParseStart(o.Value); err != nil {
			err.Position = o.valuePos
			return err
		}
	case r.max != 0:
		if _, err := r.integer(o.name, o.Value); err != nil {
			err.Position = o.valuePos
			return err
		}
	case r.values != nil && !slices.Contains(r.values, o.Value):
		err := failPos(o.valuePos, datum.CodeInvalidParameter, "invalid value for parameter \"%s\": \"%s\"", o.name, o.Value)
		err.Hint = "Possible: " + strings.Join(r.values, ", ") + "."
		return err
	case o.Value == "" && !r.empty:
		return failPos(o.valuePos, datum.CodeInvalidParameter, "parameter \"%s\" is empty", o.name)
	}
	return nil
}

// integer reads a value that is an integer in the rule's range.
func (r rule) integer(name, value string) (int, *datum.Error) {
	n, err := strconv.Atoi(value)
	if err != nil || n < r.min || n > r.max {
		bad := datum.Errorf(datum.CodeInvalidParameter, "invalid value for parameter \"%s\": \"%s\"", name, value)
		bad.Hint = "It is an integer from " + strconv.Itoa(r.min) + " to " + strconv.Itoa(r.max) + "."
		return 0, bad
	}
	return n, nil
}

func failPos(pos int, code, format string, args ...any) *datum.Error {
	err := datum.Errorf(code, format, args...)
	err.Position = pos
	return err
}

func schemaRefused(what string, pos int) *datum.Error {
	err := failPos(pos, datum.CodeFeatureNotSupported, "the name of a %s cannot have a schema", what)
	err.Hint = "Write the name alone; the database's search_path says where a view's table goes."
	return err
}
