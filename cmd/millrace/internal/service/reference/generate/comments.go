package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
)

// files hold the structs of settings.
func files() []string {
	return []string{
		"consumer/broker/config.go", "consumer/config.go", "sink/config.go", "sink/evaluate/config.go",
		"cmd/millrace/internal/service/settings.go",
	}
}

// comments returns what is said about each setting, by its variable. Where two
// structs have one setting, the first in Settings speaks.
func comments(root string) (map[string]string, error) {
	texts := map[string]string{}
	for _, name := range files() {
		tree, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, name), nil, parser.ParseComments)
		if err != nil {
			return nil, err
		}
		var failed error
		ast.Inspect(tree, func(node ast.Node) bool {
			field, ok := node.(*ast.Field)
			if !ok || field.Tag == nil || len(field.Names) != 1 {
				return true
			}
			tag, err := strconv.Unquote(field.Tag.Value)
			env := reflect.StructTag(tag).Get("env")
			if err != nil || env == "" || texts[env] != "" {
				return true
			}
			if texts[env] = sentence(field.Names[0].Name, field.Doc.Text()); texts[env] == "" {
				failed = fmt.Errorf("%s: the field %s has no comment", name, field.Names[0].Name)
			}
			return true
		})
		if failed != nil {
			return nil, failed
		}
	}
	return texts, nil
}

// sentence turns a field's comment into one line about the setting: "Lanes is
// how many goroutines …" becomes "How many goroutines …".
func sentence(field, doc string) string {
	text := strings.Join(strings.Fields(doc), " ")
	text = strings.TrimPrefix(text, field+" ")
	for _, verb := range []string{"is ", "are "} {
		text = strings.TrimPrefix(text, verb)
	}
	if text == "" {
		return ""
	}
	return strings.ToUpper(text[:1]) + text[1:]
}
