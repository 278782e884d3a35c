package fleet_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/distrobot/distrobot/fleet"
)

// The ranges and what they mean as Composer's documentation of version
// constraints tells them.
func TestAffected(t *testing.T) {
	for _, tt := range []struct {
		affected, in, out string
	}{
		{">=1.0,<1.2|>=2,<2.1", "1.0 1.1.9 2.0.0 1.0-beta1", "0.9 1.2 1.2-rc1 2.1 3"},
		{">=1.0 <1.1 || >=1.2", "1.0.5 1.2 4", "1.1 1.1.7"},
		{"1.0 - 2.0", "1.0 1.9 2.0 2.0.9", "2.1 0.9"},
		{"1.0.0 - 2.1.0", "1.0.0 2.1.0", "2.1.1"},
		{"1.0.*", "1.0 1.0.9 1.0.0-alpha", "1.1 1.1-beta"},
		{"~1.2", "1.2 1.9", "2.0 1.1 2.0-rc1"},
		{"~1.2.3", "1.2.3 1.2.9", "1.3"},
		{"^1.2.3", "1.2.3 1.99", "2.0 1.2.2"},
		{"^0.3", "0.3 0.3.9", "0.4 1"},
		{"^0.0.3", "0.0.3", "0.0.4"},
		{"*", "1 dev-main#abcdef1 anything", ""},
		{"!=1.1", "1.0 1.2", "1.1 1.1.0"},
		{"<>1.1", "1.0 1.2", "1.1.0"},
		{"<=3.2.1", "3.2.1 3.2.1-rc1", "3.2.1-p1 3.2.2"},
		{"=1.0-beta1", "1.0-beta1 1.0.0-beta1", "1.0 1.0-beta2"},
		{">=8.x-1.0,<=8.x-1.5", "8.x-1.5 1.4.0", "8.x-1.6 7.x-1.4"},
		{">=7.x-3,<=7.x-3.24", "7.x-3.0 7.x-3.24", "7.x-3.25 8.x-3.1 3.2"},
	} {
		a, err := fleet.ParseAffected(tt.affected)
		if err != nil {
			t.Errorf("%s: %v", tt.affected, err)
			continue
		}
		for want, list := range map[bool]string{true: tt.in, false: tt.out} {
			for _, v := range strings.Fields(list) {
				if got, known := a.Holds(v); got != want || !known {
					t.Errorf("%q of %q: %v (known %v), want %v", v, tt.affected, got, known, want)
				}
			}
		}
	}
	a, err := fleet.ParseAffected("<2")
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range []string{"dev-main", "dev-main#1a2b3c4", "1.x-dev", "8.x-1.x-dev", "", "trunk"} {
		if holds, known := a.Holds(v); holds || known {
			t.Errorf("%q is said to have a place in the order", v)
		}
	}
	for _, text := range []string{"", "|", ">=1|", "<", "abc", ">=1 <x", "dev-main", "1 - ", strings.Repeat("<1|", 300) + "<1", strings.Repeat("1", 5000)} {
		if _, err := fleet.ParseAffected(text); fleet.CodeOf(err) != fleet.Invalid {
			t.Errorf("%q was read as a range (%v)", fleet.Clean(text, 40), err)
		}
	}
}

// A trial is a range and a version; both sides are written with what
// composer/semver and we have in common.
type trial struct {
	Affected string `json:"c"`
	Version  string `json:"v"`
}

func anyNumber(r *rand.Rand) string {
	n := make([]string, 1+r.IntN(4))
	for i := range n {
		n[i] = fmt.Sprint(r.IntN(4))
	}
	return strings.Join(n, ".")
}

func anyVersion(r *rand.Rand) string {
	return anyNumber(r) + []string{"", "", "", "-alpha1", "-beta2", "-rc1", "-RC2", "-dev", "-p1"}[r.IntN(9)]
}

func anySpan(r *rand.Rand) string {
	v := anyVersion
	switch r.IntN(8) {
	case 0:
		return "~" + v(r)
	case 1:
		return "^" + v(r)
	case 2:
		return fmt.Sprint(r.IntN(4)) + []string{".*", "." + fmt.Sprint(r.IntN(4)) + ".*"}[r.IntN(2)]
	case 3:
		a, b := ends(anyNumber(r), anyNumber(r))
		return a + " - " + b
	case 4:
		a, b := ends(v(r), v(r))
		return ">=" + a + []string{",", " ", ", "}[r.IntN(3)] + "<" + b
	case 5:
		a, b := ends(v(r), v(r))
		return ">" + a + ",<=" + b
	}
	return []string{"", "=", "==", "!=", "<", "<=", ">", ">="}[r.IntN(8)] + v(r)
}

// ends puts the lower of two versions first: composer/semver joins spans that
// touch, and gets it wrong where one of them is empty ("3 - 1|2 - 3").
func ends(a, b string) (string, string) {
	x, _, _ := plain(a)
	y, _, _ := plain(b)
	if x.compare(y) > 0 {
		return b, a
	}
	return a, b
}

func randomTrial(r *rand.Rand) trial {
	spans := make([]string, 1+r.IntN(3))
	for i := range spans {
		spans[i] = anySpan(r)
	}
	return trial{Affected: strings.Join(spans, []string{"|", "||", " || "}[r.IntN(3)]), Version: anyVersion(r)}
}

// TestAffectedProperty holds the matcher to a second one that is written from
// composer/semver's documented rules: versions of four numbers and a stability,
// every range turned into comparisons.
func TestAffectedProperty(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 9))
	hits := 0
	for range 20000 {
		x := randomTrial(r)
		a, err := fleet.ParseAffected(x.Affected)
		if err != nil {
			t.Fatalf("%q: %v", x.Affected, err)
		}
		got, known := a.Holds(x.Version)
		if want := oracle(x); got != want || !known {
			t.Fatalf("%q of %q: %v, known %v; the rules say %v", x.Version, x.Affected, got, known, want)
		}
		if got {
			hits++
		}
	}
	if hits < 2000 || hits > 18000 {
		t.Errorf("only %d of 20000 trials hold: they say little", hits)
	}
}

// TestAffectedIsComposers holds the matcher to composer/semver itself, where
// this machine has it.
func TestAffectedIsComposers(t *testing.T) {
	const semver = "/usr/share/php/Composer/Semver/autoload.php"
	php, err := exec.LookPath("php")
	if _, no := os.Stat(semver); err != nil || no != nil {
		t.Skip("this machine has no PHP with composer/semver (Debian: php-composer-semver)")
	}
	r := rand.New(rand.NewPCG(10, 10))
	trials := make([]trial, 3000)
	for i := range trials {
		trials[i] = randomTrial(r)
	}
	in, err := json.Marshal(trials)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), php, "-r", `require $argv[1]; $out = [];
foreach (json_decode(stream_get_contents(STDIN), true) as $t) { $out[] = \Composer\Semver\Semver::satisfies($t['v'], $t['c']); }
echo json_encode($out);`, semver)
	cmd.Stdin = bytes.NewReader(in)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("php: %v\n%s", err, out)
	}
	var want []bool
	if err := json.Unmarshal(out, &want); err != nil || len(want) != len(trials) {
		t.Fatalf("php answered %.200s (%v)", out, err)
	}
	for i, x := range trials {
		a, err := fleet.ParseAffected(x.Affected)
		if err != nil {
			t.Fatalf("%q: %v", x.Affected, err)
		}
		if got, known := a.Holds(x.Version); got != want[i] || !known {
			t.Fatalf("%q of %q: %v, known %v; composer/semver says %v", x.Version, x.Affected, got, known, want[i])
		}
	}
}

// A plainVersion is a version as composer/semver normalises it.
type plainVersion struct {
	n    [4]int
	word int // -4 dev, -3 alpha, -2 beta, -1 rc, 0 none, 1 patch
	nth  int
}

func plain(text string) (plainVersion, int, bool) {
	var v plainVersion
	numbers, suffix, _ := strings.Cut(strings.ToLower(text), "-")
	parts := strings.Split(numbers, ".")
	for i, p := range parts {
		fmt.Sscan(p, &v.n[i])
	}
	for i, w := range []string{"dev", "alpha", "beta", "rc", "", "p"} {
		if rest, ok := strings.CutPrefix(suffix, w); ok && w != "" {
			v.word = i - 4
			fmt.Sscan(rest, &v.nth)
		}
	}
	return v, len(parts), suffix != ""
}

func (v plainVersion) compare(w plainVersion) int {
	for i := range v.n {
		if c := cmp.Compare(v.n[i], w.n[i]); c != 0 {
			return c
		}
	}
	return cmp.Or(cmp.Compare(v.word, w.word), cmp.Compare(v.nth, w.nth))
}

// from is the lowest version that counts as v: without a suffix its dev.
func from(v plainVersion, suffixed bool) plainVersion {
	if !suffixed {
		v.word = -4
	}
	return v
}

// next raises the ith number and drops the rest, as the lower end of a range.
func next(v plainVersion, i int) plainVersion {
	var out plainVersion
	copy(out.n[:], v.n[:i+1])
	out.n[i]++
	out.word = -4
	return out
}

func oracle(x trial) bool {
	v, _, _ := plain(x.Version)
	for alternative := range strings.SplitSeq(strings.ReplaceAll(x.Affected, "||", "|"), "|") {
		if oracleSpan(strings.TrimSpace(alternative), v) {
			return true
		}
	}
	return false
}

func oracleSpan(text string, v plainVersion) bool {
	if low, high, ok := strings.Cut(text, " - "); ok {
		a, _, _ := plain(low)
		b, n, _ := plain(high)
		if n < 3 {
			return v.compare(from(a, false)) >= 0 && v.compare(next(b, n-1)) < 0
		}
		return v.compare(from(a, false)) >= 0 && v.compare(b) <= 0
	}
	for _, term := range strings.Fields(strings.ReplaceAll(text, ",", " ")) {
		if !oracleTerm(term, v) {
			return false
		}
	}
	return true
}

func oracleTerm(term string, v plainVersion) bool {
	if stem, ok := strings.CutSuffix(term, ".*"); ok {
		b, n, _ := plain(stem)
		return v.compare(from(b, false)) >= 0 && v.compare(next(b, n-1)) < 0
	}
	op := term[:len(term)-len(strings.TrimLeft(term, "<>=!~^"))]
	b, n, suffixed := plain(term[len(op):])
	switch op {
	case "~":
		return v.compare(from(b, suffixed)) >= 0 && v.compare(next(b, max(0, n-2))) < 0
	case "^":
		i := 0
		for i < min(n, 3)-1 && b.n[i] == 0 {
			i++
		}
		return v.compare(from(b, suffixed)) >= 0 && v.compare(next(b, i)) < 0
	case "<":
		return v.compare(from(b, suffixed)) < 0
	case ">=":
		return v.compare(from(b, suffixed)) >= 0
	case ">":
		return v.compare(b) > 0
	case "<=":
		return v.compare(b) <= 0
	case "!=":
		return v.compare(b) != 0
	}
	return v.compare(b) == 0
}

func FuzzAffected(f *testing.F) {
	for _, s := range []string{">=1.0,<1.2|>=2,<2.1", "1.0 - 2.0", "*", "^0.3 || ~1.2", "8.x-1.*", "<> 1", "1 -2"} {
		f.Add(s, "1.1")
	}
	f.Fuzz(func(t *testing.T, text, version string) {
		a, err := fleet.ParseAffected(text)
		if err != nil {
			return
		}
		if holds, known := a.Holds(version); holds && !known {
			t.Fatalf("%q holds for %q, which has no place in the order", text, version)
		}
	})
}
