package kind

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/distrobot/distrobot/internal/run"
)

func TestUnserialize(t *testing.T) {
	for text, want := range map[string]any{
		`N;`:                               nil,
		`b:1;`:                             true,
		`b:0;`:                             false,
		`i:-8901;`:                         int64(-8901),
		`d:0.5;`:                           0.5,
		`s:0:"";`:                          "",
		`s:4:"a";b";`:                      `a";b`,
		`s:2:"ü";`:                         "ü",
		`a:0:{}`:                           []phpPair(nil),
		`a:2:{i:0;s:1:"x";s:3:"key";i:7;}`: []phpPair{{"0", "x"}, {"key", int64(7)}},
		`a:1:{s:6:"module";a:1:{s:4:"node";i:0;}}`: []phpPair{{"module", []phpPair{{"node", int64(0)}}}},
	} {
		got, err := unserialize(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
		} else if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s: %s", text, d)
		}
	}
	for _, text := range []string{
		``, `i:1`, `i:x;`, `i:;`, `b:2;`, `d:;`, `s:5:"ab";`, `s:-1:"";`, `s:+1:"a";`, `s:1:"ab";`, `s:1:"a"`, `a:1:{}`, `a:1:{i:0;}`,
		`a:1:{i:0;i:1;`, `a:1:{b:1;i:1;}`, `a:999999999:{}`, `i:1;i:2;`, `O:8:"stdClass":0:{}`, `C:3:"Foo":0:{}`, `R:1;`, `r:1;`,
		strings.Repeat(`a:1:{i:0;`, 100) + `N;` + strings.Repeat(`}`, 100),
		`s:` + strings.Repeat("1", 100) + `:"";`, `i:` + strings.Repeat("1", 60) + `;`,
	} {
		if got, err := unserialize(text); err == nil {
			t.Errorf("%s is read as %#v", text, got)
		}
	}
}

// What PHP itself writes is read as it is.
func TestUnserializeReadsPHP(t *testing.T) {
	var out strings.Builder
	_, err := run.Run(t.Context(), run.Command{
		Program: "php", Env: run.Environ(), Stdout: &out,
		Args: []string{"-r", `echo serialize(["module" => ["node" => 0, "ümlaut" => "q\"'\\\0\n", 7 => null], "on" => true, "f" => -1.5, "n" => PHP_INT_MIN]);`},
	})
	if err != nil {
		t.Fatal(err)
	}
	got, err := unserialize(out.String())
	if err != nil {
		t.Fatal(err)
	}
	want := []phpPair{
		{"module", []phpPair{{"node", int64(0)}, {"ümlaut", "q\"'\\\x00\n"}, {"7", nil}}},
		{"on", true}, {"f", -1.5}, {"n", int64(-1 << 63)},
	}
	if d := cmp.Diff(any(want), got); d != "" {
		t.Error(d)
	}
}

func FuzzUnserialize(f *testing.F) {
	for _, seed := range []string{`a:2:{i:0;s:1:"x";s:3:"key";i:7;}`, `s:4:"a";b";`, `d:1e309;`, `a:1:{i:0;a:1:{i:0;N;}}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		v, err := unserialize(text)
		if err != nil && v != nil {
			t.Errorf("both %#v and %v", v, err)
		}
		textsIn(v)
		inArray(v, "key")
		intOf(v)
	})
}
