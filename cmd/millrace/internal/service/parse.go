package service

import (
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

// Parse reads the settings from an environment.
func Parse(environment map[string]string) (Settings, error) {
	var s Settings
	if err := env.ParseWithOptions(&s, env.Options{Environment: environment}); err != nil {
		return s, fmt.Errorf("settings: %w", err)
	}
	s.Complete()
	return s, nil
}
