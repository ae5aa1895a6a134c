package service

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/caarlos0/env/v11"
)

// Variable is one setting.
type Variable struct {
	Env     string // MILLRACE_KAFKA_BROKERS
	Default string
	Go      string // the field's Go type
	Owner   string // the struct that holds it
	Field   string
}

// Flag returns the name of the setting's flag, without dashes.
func (v Variable) Flag() string {
	return strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(v.Env, "MILLRACE_"), "_", "-"))
}

// Variables returns every setting, in the order of the structs, each once.
func Variables() []Variable {
	var all []Variable
	seen := map[string]bool{}
	settings := reflect.TypeFor[Settings]()
	for i := range settings.NumField() {
		owner := settings.Field(i).Type
		for j := range owner.NumField() {
			f := owner.Field(j)
			name := f.Tag.Get("env")
			if name == "" || seen[name] {
				continue
			}
			seen[name] = true
			all = append(all, Variable{
				Env: name, Default: f.Tag.Get("envDefault"), Go: f.Type.String(),
				Owner: owner.String(), Field: f.Name,
			})
		}
	}
	return all
}

// Parse reads the settings from an environment. Its error names every setting
// that cannot be read, without repeating its value: it may be a secret.
func Parse(environment map[string]string) (Settings, error) {
	var s Settings
	if err := env.ParseWithOptions(&s, env.Options{Environment: environment}); err != nil {
		return s, unreadable(err)
	}
	s.Complete()
	return s, nil
}

// unreadable words the parser's error for a person.
func unreadable(err error) error {
	var all env.AggregateError
	if !errors.As(err, &all) {
		return fmt.Errorf("settings: %w", err)
	}
	names := map[string]Variable{}
	for _, v := range Variables() {
		names[v.Field] = v
	}
	var faults []error
	for _, one := range all.Errors {
		var parse env.ParseError
		v, known := Variable{}, false
		if errors.As(one, &parse) {
			v, known = names[parse.Name]
		}
		if !known {
			faults = append(faults, one)
			continue
		}
		faults = append(faults, fmt.Errorf("%s cannot be read: give %s", v.Env, v.Kind()))
	}
	return errors.Join(faults...)
}

// Kind says what the setting's value is, for people.
func (v Variable) Kind() string {
	switch v.Go {
	case "bool":
		return "true or false"
	case "time.Duration":
		return "a duration such as 100ms, 5s or 2m"
	case "[]string":
		return "a list, separated by commas"
	case "int", "int16", "int64":
		return "a whole number"
	}
	return "text"
}
