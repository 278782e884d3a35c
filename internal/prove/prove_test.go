package prove_test

import (
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/distrobot/distrobot/internal/prove"
)

// claims is a module whose tests end in every way.
var claims = map[string]string{
	"go.mod": "module claims\n\ngo 1.25\n",
	"good/a_test.go": `package good
import ("os"; "testing")
func TestHolds(t *testing.T) {
	t.Run("a", func(t *testing.T) { t.Attr("trials", "3") })
	t.Run("b", func(t *testing.T) { t.Attr("trials", "4"); t.Attr("other", "9") })
}
func TestHoldsToo(t *testing.T) { t.Attr("trials", "100") }
func TestThorough(t *testing.T) { if os.Getenv("DISTROBOT_TEST_THOROUGH") != "" { t.Attr("trials", "50") } else { t.Attr("trials", "5") } }
func TestFails(t *testing.T) { t.Attr("trials", "9"); t.Error("it is refuted") }
func TestSkips(t *testing.T) { t.Skip("not here") }
func TestPartSkips(t *testing.T) { t.Attr("trials", "9"); t.Run("a", func(t *testing.T) { t.Skip("not here") }) }
func TestSilent(t *testing.T) {}
func TestExits(t *testing.T) { t.Attr("trials", "9"); os.Exit(3) }
`,
	"broken/a_test.go": "package broken\nfunc TestBroken( {\n",
}

func claimed(t *testing.T) prove.Prover {
	t.Helper()
	dir := t.TempDir()
	for name, text := range claims {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return prove.Prover{Go: "go", Dir: dir, Short: true, Log: io.Discard}
}

func good(names ...string) (tests []prove.Test) {
	for _, n := range names {
		tests = append(tests, prove.Test{Package: "./good", Name: n})
	}
	return tests
}

func TestProve(t *testing.T) {
	p := claimed(t)
	for _, c := range []struct {
		name  string
		short bool
		tests []prove.Test
		want  string
	}{
		{"holds", true, good("TestHolds"), "prove x 7 ok"},
		{"one part", true, good("TestHolds/b"), "prove x 4 SHORT"},
		{"several tests", true, good("TestHolds", "TestHoldsToo"), "prove x 107 ok"},
		{"short", true, good("TestThorough"), "prove x 5 ok"},
		{"thorough", false, good("TestThorough"), "prove x 50 ok"},
		{"too few for thorough", false, good("TestHolds"), "prove x 7 SHORT"},
		{"fails", true, good("TestFails"), "prove x 0 SHORT"},
		{"one of two fails", true, good("TestHolds", "TestFails"), "prove x 7 SHORT"},
		{"skipped", true, good("TestSkips"), "prove x 0 SHORT"},
		{"partly skipped", true, good("TestHolds", "TestPartSkips"), "prove x 7 SHORT"},
		{"no trials", true, good("TestSilent"), "prove x 0 SHORT"},
		{"exits", true, good("TestExits"), "prove x 0 SHORT"},
		{"absent", true, good("TestHolds", "TestNoSuch"), "prove x 7 SHORT"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := p
			p.Short = c.short
			r, err := p.Prove(t.Context(), prove.Proof{Name: "x", Tests: c.tests, Least: 20, Short: 5})
			if err != nil || r.String() != c.want {
				t.Errorf("%s (%v, %q), want %s", r, err, r.Faults, c.want)
			}
		})
	}
}

// The table has a row for each proof, and says of those that do not hold why.
func TestTable(t *testing.T) {
	var out strings.Builder
	prove.Table(t.Context(), &out, []prove.Result{
		{Name: "a", What: "this | that", Trials: 1234567, Took: 90 * time.Second}, {Name: "b", Trials: 5, Faults: []string{"TestB in ./b: fail", "too few"}},
	})
	for _, want := range []string{
		"processors", "redis ", "in 1m30s", "\n| a | 1,234,567 | 1m30s | this \\| that |\n",
		"\n| b | 5 | 0s | **does not hold:** TestB in ./b: fail; too few |\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
}

func TestWhatCannotBeTried(t *testing.T) {
	var log strings.Builder
	p := claimed(t)
	p.Log = &log
	for _, pack := range []string{"./broken", "./nosuch"} {
		if r, err := p.Prove(t.Context(), prove.Proof{Name: "x", Tests: []prove.Test{{Package: pack, Name: "TestBroken"}}}); err == nil {
			t.Errorf("%s: %s", pack, r)
		}
	}
	p.Go = "no-such-go"
	if r, err := p.Prove(t.Context(), prove.Proof{Name: "x", Tests: good("TestHolds")}); err == nil {
		t.Errorf("without go: %s", r)
	}
}

// Every test that a proof names is in its package: a renamed one would be found
// only by whoever runs the proofs.
func TestNamedTestsExist(t *testing.T) {
	for _, p := range prove.All() {
		if p.Least < p.Short || p.Short < 1 {
			t.Errorf("%s: bounds %d and %d", p.Name, p.Least, p.Short)
		}
		for _, test := range p.Tests {
			name, _, _ := strings.Cut(test.Name, "/")
			declared := regexp.MustCompile(`(?m)^func ` + name + `\(t \*testing\.T\)`)
			files, err := filepath.Glob(filepath.Join("..", "..", test.Package, "*_test.go"))
			if err != nil {
				t.Fatal(err)
			}
			found := false
			for _, f := range files {
				text, err := os.ReadFile(f)
				if err != nil {
					t.Fatal(err)
				}
				found = found || declared.Match(text)
			}
			if !found {
				t.Errorf("%s: %s has no %s", p.Name, test.Package, name)
			}
		}
	}
	if _, err := prove.Select(prove.All(), "crash-boundaries,nosuch"); err == nil {
		t.Error("a proof that does not exist was found")
	}
	if got, err := prove.Select(prove.All(), "no-lost-write"); err != nil || len(got) != 1 || got[0].Name != "no-lost-write" {
		t.Errorf("%v %v", got, err)
	}
}
