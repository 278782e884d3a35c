package arch_test

import (
	"bytes"
	"encoding/json"
	"io"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/distrobot/distrobot"

// ours says which of our packages a package may import; a package is matched
// by the longest prefix. cmd/... may import everything.
var ours = map[string][]string{
	"fleet/fleettest":   {"fleet"},
	"fleet":             {},
	"commands":          {"fleet"},
	"bot":               {"fleet", "commands"},
	"bot/workspace":     {},
	"web":               {"fleet"},
	"watcher":           {"fleet", "internal/mirror"},
	"advisories":        {"fleet"}, // what others say of holes: it knows no git, no Slack, no store
	"hosting":           {"fleet", "hosting", "internal/job", "internal/run", "internal/mirror", "internal/database", "internal/transfer", "internal/look"},
	"store":             {"fleet", "store"},
	"store/storetest":   {"fleet", "store", "internal/run"}, // starts the servers of its tests
	"internal/job":      {"fleet"},
	"internal/queue":    {"fleet"},
	"internal/mirror":   {"internal/run", "internal/mirror"},
	"internal/database": {"internal/run"},
	"internal/run":      {},
	"internal/look":     {"internal/run"},
	"internal/transfer": {},
	"internal/golden":   {},
	"internal/sbom":     {"internal/sbom", "internal/run"}, // the test builds a program
	"internal/arch":     {},
	"":                  {},                                 // the files that the program hands to people
	"docs":              {},                                 // tests alone
	"internal/outside":  {},                                 // tests alone
	"internal/bench":    {"*"},                              // measures any part against its rivals
	"internal/prove":    {"internal/prove", "internal/run"}, // runs tests by their names
	"internal/browser":  {},
	"internal/chart":    {},
	"internal/storm":    {"fleet", "hosting", "store", "internal/job", "internal/queue", "internal/run"}, // test support
	"internal/chat":     {},
	"internal/npm":      {"internal/run"}, // test support
	"internal/lamp":     {"internal/run"}, // test support: see TestTestSupport
}

// importers names, for each outside library, the packages that may use it:
// one library, one room (tests apart).
var importers = map[string][]string{
	"github.com/slack-go/slack":         {"bot"},
	"github.com/redis/go-redis/v9":      {"store", "internal/queue", "internal/bench"},
	"github.com/alicebob/miniredis/v2":  {"store"},
	"github.com/hibiken/asynq":          {"internal/queue"},
	"github.com/go-git/go-git/v5":       {"internal/mirror", "internal/bench"},
	"github.com/google/go-github/v60":   {"watcher"},
	"github.com/robfig/cron/v3":         {"watcher"},
	"github.com/gorilla/websocket":      {"bot/workspace"},
	"github.com/coreos/go-oidc/v3":      {"web"},
	"golang.org/x/oauth2":               {"web"},
	"github.com/cenkalti/backoff/v5":    {"bot"},
	"github.com/chromedp/chromedp":      {"internal/browser", "internal/look"}, // what tests see; what the product sees
	"github.com/orisano/pixelmatch":     {"internal/look"},
	"github.com/wcharczuk/go-chart/v2":  {"internal/chart"},
	"github.com/go-sql-driver/mysql":    {"internal/database", "internal/bench"},
	"modernc.org/sqlite":                {"internal/database"},
	"github.com/klauspost/compress":     {"internal/database", "hosting/local"},
	"github.com/CycloneDX/cyclonedx-go": {"internal/sbom"},
	"os/exec":                           {"internal/run", "internal/bench", "internal/arch", "internal/browser"},
}

type pkg struct {
	ImportPath   string
	Doc          string
	Imports      []string
	TestImports  []string
	XTestImports []string
	Standard     bool
}

func packages(t *testing.T) []pkg {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Doc,Imports,TestImports,XTestImports", "./...")
	cmd.Dir = "../.."
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, errs.String())
	}
	var all []pkg
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		if err := dec.Decode(&p); err == io.EOF {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

func rel(p string) string { return strings.TrimPrefix(strings.TrimPrefix(p, module), "/") }

// within reports whether package p is dir or below it.
func within(p, dir string) bool { return p == dir || strings.HasPrefix(p, dir+"/") }

func rule(p string) ([]string, bool) {
	if p == "" { // the root
		r, ok := ours[""]
		return r, ok
	}
	for dir := p; dir != "." && dir != ""; dir = path.Dir(dir) {
		if r, ok := ours[dir]; ok {
			return r, true
		}
	}
	return nil, false
}

func TestImportTable(t *testing.T) {
	for _, p := range packages(t) {
		from := rel(p.ImportPath)
		if within(from, "cmd") {
			continue
		}
		allowed, ok := rule(from)
		if !ok {
			t.Errorf("package %s is in no line of the import table", from)
			continue
		}
		for _, imp := range p.Imports {
			if !strings.HasPrefix(imp, module+"/") {
				if from == "fleet" && strings.Contains(strings.Split(imp, "/")[0], ".") {
					t.Errorf("fleet imports %s; it may import the standard library only", imp)
				}
				continue
			}
			to, fine := rel(imp), false
			for _, a := range allowed {
				fine = fine || a == "*" || within(to, a)
			}
			if !fine {
				t.Errorf("%s imports %s, which its line of the import table does not list", from, to)
			}
		}
	}
}

func TestOneImporterPerLibrary(t *testing.T) {
	for _, p := range packages(t) {
		from := rel(p.ImportPath)
		if within(from, "cmd") {
			continue
		}
		for _, imp := range p.Imports {
			for lib, rooms := range importers {
				if !within(imp, lib) {
					continue
				}
				fine := false
				for _, r := range rooms {
					fine = fine || within(from, r)
				}
				if !fine {
					t.Errorf("%s imports %s, which belongs to %v", from, imp, rooms)
				}
			}
		}
	}
}

func TestEveryPackageHasAComment(t *testing.T) {
	for _, p := range packages(t) {
		if len(p.Imports) > 0 && len(strings.Fields(p.Doc)) < 4 {
			t.Errorf("package %s has no package comment", rel(p.ImportPath))
		}
	}
}

// TestTestSupport holds that what exists for tests and measurements alone is not
// in the product.
func TestTestSupport(t *testing.T) {
	support := []string{"internal/lamp", "internal/golden", "internal/chat", "internal/browser", "internal/storm", "internal/npm"}
	for _, p := range packages(t) {
		from := rel(p.ImportPath)
		if within(from, "internal/bench") || slices.ContainsFunc(support, func(s string) bool { return within(from, s) }) {
			continue
		}
		for _, imp := range p.Imports {
			if slices.ContainsFunc(support, func(s string) bool { return within(rel(imp), s) }) {
				t.Errorf("%s imports %s, which is for tests", from, rel(imp))
			}
		}
	}
}
