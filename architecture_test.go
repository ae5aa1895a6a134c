// Package millrace_test holds the project's structure to its rules: who may
// import whom, what pure code may not do, and that every package says what it
// is for. Each rule that fails prints why it exists.
package millrace_test

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

const module = "github.com/millrace/millrace"

// pkg is what `go list -json` says of one of our packages.
type pkg struct {
	Dir        string
	ImportPath string
	Doc        string
	GoFiles    []string
	Imports    []string
}

// room is the package's path below the module's, "." for the root.
func (p pkg) room() string {
	if p.ImportPath == module {
		return "."
	}
	return strings.TrimPrefix(p.ImportPath, module+"/")
}

// within reports whether the package is one of the rooms or beneath one.
func (p pkg) within(rooms ...string) bool {
	return slices.ContainsFunc(rooms, func(room string) bool { return beneath(p.room(), room) })
}

func beneath(place, room string) bool {
	return place == room || strings.HasPrefix(place, room+"/")
}

// packages lists the module's packages; tests' own imports are free.
func packages(t *testing.T) []pkg {
	t.Helper()
	all, err := listed()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	return all
}

var listed = sync.OnceValues(func() ([]pkg, error) {
	output, err := exec.Command("go", "list", "-json=Dir,ImportPath,Doc,GoFiles,Imports", "./...").Output()
	if err != nil {
		return nil, err
	}
	var all []pkg
	for decoder := json.NewDecoder(strings.NewReader(string(output))); ; {
		var p pkg
		err := decoder.Decode(&p)
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		if len(p.GoFiles) > 0 { // this package itself is tests alone
			all = append(all, p)
		}
	}
})

// floors are the building, top first; where two patterns fit, the longer one
// counts. A package imports floors below its own, and packages of its own room.
var floors = []struct {
	room  string
	floor int
}{
	{"integration", 7},
	{"cmd", 6},
	{"consumer", 5},
	{"sink", 5},
	{"aggregator", 4},
	{"aggregator/statement", 3},
	{"aggregator/query", 3},
	{"aggregator/partial", 3},
	{"aggregator/expr", 2},
	{"aggregator/agg", 2},
	{"aggregator/column", 1},
	{"aggregator/datum", 1},
	{"aggregator/sketch", 1},
	{"topology", 1},
	{"internal", 0},
	{"data", 0}, // real data for the demo, tests and benchmarks, with its provenance
}

// floorOf finds a package's room and floor; ok is false where it has none.
func floorOf(place string) (room string, floor int, ok bool) {
	for _, f := range floors {
		if beneath(place, f.room) && len(f.room) > len(room) {
			room, floor, ok = f.room, f.floor, true
		}
	}
	return room, floor, ok
}

// pureRooms hold no context, clock, goroutine, mutex, logger, metric or
// randomness, and do no input or output.
var pureRooms = []string{"aggregator", "topology"}

// pureLibraries may be imported by pure rooms, each for its reason.
var pureLibraries = map[string]string{
	"github.com/cespare/xxhash/v2": "the hash that groups and slots are made of",
	"golang.org/x/text/cases":      "upper, lower and initcap beyond ASCII, as PostgreSQL has them",
	"golang.org/x/text/language":   "what golang.org/x/text/cases asks for",
}

// impure are the parts of the standard library that pure rooms do without.
var impure = []string{
	"context", "sync", "log", "os", "net", "math/rand", "crypto/rand", "io/ioutil", "syscall",
	"database/sql", "expvar", "flag", "plugin", "runtime/debug", "runtime/pprof", "runtime/trace",
}

func TestImportsPointDown(t *testing.T) {
	const why = "imports point one way, so that a room can be understood, tested and replaced without those above it"
	for _, p := range packages(t) {
		room, floor, ok := floorOf(p.room())
		if !ok {
			t.Errorf("%s stands in no room of the building.\nWhy: a further top-level folder needs a reason that a newcomer accepts; then it gets a floor in this test", p.room())
			continue
		}
		for _, imported := range p.Imports {
			place, ours := strings.CutPrefix(imported, module+"/")
			if !ours {
				continue
			}
			below, lower, _ := floorOf(place)
			if below != room && lower >= floor && !sharesFloor(room, below) {
				t.Errorf("%s (%s, floor %d) imports %s (%s, floor %d).\nWhy: %s", p.room(), room, floor, place, below, lower, why)
			}
		}
	}
}

// sharesFloor lists the neighbours that may see each other: the compiler still
// forbids circles among them.
func sharesFloor(from, to string) bool {
	neighbours := map[string][]string{
		"aggregator/column":  {"aggregator/datum"},
		"aggregator/sketch":  {"aggregator/datum"},
		"aggregator/agg":     {"aggregator/expr"},
		"aggregator/query":   {"aggregator/statement"},
		"aggregator/partial": {"aggregator/query"},
		"topology":           {"aggregator/datum"},
	}
	return slices.Contains(neighbours[from], to)
}

func TestEachLibraryHasItsRoom(t *testing.T) {
	for _, rule := range []struct {
		library string
		rooms   []string
		why     string
	}{
		{
			"github.com/twmb/franz-go",
			[]string{"consumer", "cmd/millrace/internal", "integration"},
			"only consumer speaks Kafka: another client, or another log, is a change of one room",
		},
		{
			"github.com/jackc/pgx",
			[]string{"sink", "cmd/millrace/internal", "integration"},
			"only sink speaks PostgreSQL, so what it needs of a session is decided in one room",
		},
		{
			"github.com/caarlos0/env",
			[]string{"cmd"},
			"settings are read once, at the top, and handed down as values: code below behaves the same in every environment",
		},
		{"github.com/testcontainers", []string{"integration"}, "only tests run containers"},
		{"github.com/fergusstrange/embedded-postgres", []string{"internal/localpg"}, "one room starts databases"},
		{
			module + "/internal",
			[]string{"internal", "cmd", "integration"},
			"it runs servers as child processes, for development and tests; the data path has nothing of it",
		},
		{module + "/integration", []string{"integration"}, "nothing that ships depends on tests"},
		{
			module + "/sink",
			[]string{"sink", "cmd", "integration"},
			"consumer and sink never meet: the shard owner names the store it needs, and cmd wires them",
		},
		{
			module + "/consumer",
			[]string{"consumer", "cmd", "integration"},
			"sink and consumer never meet: PostgreSQL's side knows nothing of how partials arrive",
		},
	} {
		for _, p := range packages(t) {
			for _, imported := range p.Imports {
				if beneath(imported, rule.library) && !p.within(rule.rooms...) {
					t.Errorf("%s imports %s, which belongs to %s.\nWhy: %s", p.room(), imported, strings.Join(rule.rooms, ", "), rule.why)
				}
			}
		}
	}
}

func TestPureRoomsImportPureThings(t *testing.T) {
	const why = "pure rooms are where exactness is proven: the same input must give the same bytes, in any test, on any node, at any time"
	for _, p := range packages(t) {
		if !p.within(pureRooms...) {
			continue
		}
		for _, imported := range p.Imports {
			switch {
			case strings.HasPrefix(imported, module+"/"):
			case strings.Contains(strings.Split(imported, "/")[0], "."):
				if _, ok := pureLibraries[imported]; !ok {
					t.Errorf("%s imports %s, which is not among the pure libraries.\nWhy: %s; a library that keeps this is listed in this test with its reason", p.room(), imported, why)
				}
			case slices.ContainsFunc(impure, func(root string) bool { return beneath(imported, root) }):
				t.Errorf("%s imports %s.\nWhy: %s", p.room(), imported, why)
			}
		}
	}
}

func TestEveryPackageSaysWhatItIsFor(t *testing.T) {
	for _, p := range packages(t) {
		if len(p.Doc) == 0 {
			t.Errorf("%s has no package comment.\nWhy: the comment is where a newcomer learns what a room is about and what it is not", p.room())
		}
	}
}

func TestNoRoomIsADrawer(t *testing.T) {
	drawers := []string{"util", "utils", "common", "types", "models", "helpers", "helper", "misc", "shared", "base"}
	for _, p := range packages(t) {
		if slices.Contains(drawers, path.Base(p.room())) {
			t.Errorf("%s is named after no subject.\nWhy: such a package collects whatever has no home, and everything comes to import it", p.room())
		}
	}
}

// sourceFile is one parsed file of a package.
type sourceFile struct {
	pkg  pkg
	set  *token.FileSet
	tree *ast.File
}

// sources parses every file that ships, tests left out.
func sources(t *testing.T) []sourceFile {
	t.Helper()
	var all []sourceFile
	for _, p := range packages(t) {
		for _, name := range p.GoFiles {
			set := token.NewFileSet()
			tree, err := parser.ParseFile(set, filepath.Join(p.Dir, name), nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, sourceFile{pkg: p, set: set, tree: tree})
		}
	}
	return all
}

// complain reports a rule broken at a node.
func (f sourceFile) complain(t *testing.T, at ast.Node, what, why string) {
	t.Helper()
	position := f.set.Position(at.Pos())
	t.Errorf("%s/%s:%d %s.\nWhy: %s", f.pkg.room(), filepath.Base(position.Filename), position.Line, what, why)
}

func TestNothingRunsBeforeMain(t *testing.T) {
	for _, f := range sources(t) {
		for _, declaration := range f.tree.Decls {
			function, ok := declaration.(*ast.FuncDecl)
			if ok && function.Recv == nil && function.Name.Name == "init" {
				f.complain(t, function, "has an init function", "what runs at import runs in every program and test that links it, in an order that nobody chose")
			}
		}
	}
}

func TestPureRoomsStartNothingAndReadNoClock(t *testing.T) {
	// LoadLocation is not among them: it reads the zone database, which AT TIME
	// ZONE needs, and its answer hangs on the name alone.
	clock := []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTicker", "NewTimer", "Local"}
	for _, f := range sources(t) {
		if !f.pkg.within(pureRooms...) {
			continue
		}
		timeName := importName(f.tree, "time")
		ast.Inspect(f.tree, func(node ast.Node) bool {
			switch n := node.(type) {
			case *ast.GoStmt:
				f.complain(t, n, "starts a goroutine", "pure code is called by who owns the state; concurrency belongs to consumer and cmd")
			case *ast.SendStmt, *ast.SelectStmt, *ast.ChanType:
				f.complain(t, n, "uses a channel", "pure code is called by who owns the state; concurrency belongs to consumer and cmd")
			case *ast.SelectorExpr:
				from, ok := n.X.(*ast.Ident)
				if ok && timeName != "" && from.Name == timeName && slices.Contains(clock, n.Sel.Name) {
					f.complain(t, n, "reads the clock or the machine's zone by time."+n.Sel.Name, "time is an argument, so that yesterday's events can be replayed and tests need not wait")
				}
			}
			return true
		})
	}
}

// importName is the name by which a file knows a package; empty where it does
// not import it.
func importName(tree *ast.File, imported string) string {
	for _, spec := range tree.Imports {
		value, err := strconv.Unquote(spec.Path.Value)
		if err != nil || value != imported {
			continue
		}
		if spec.Name != nil {
			return spec.Name.Name
		}
		return path.Base(imported)
	}
	return ""
}
