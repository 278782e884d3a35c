package commands

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestLex(t *testing.T) {
	for _, tt := range []struct {
		name, in string
		want     []string
	}{
		{"words", "  build  atrium\t1.1.0 ", []string{"build", "atrium", "1.1.0"}},
		{"quotes", `add x --tags '1\.\d+' --free "a b"`, []string{"add", "x", "--tags", `1\.\d+`, "--free", "a b"}},
		{"smart quotes", "digest add m “0 9 * * 1” ‘x y’", []string{"digest", "add", "m", "0 9 * * 1", "x y"}},
		{"other quotes", "a „b c“ «d e»", []string{"a", "b c", "d e"}},
		{"apostrophe", "don't touch bob's", []string{"don't", "touch", "bob's"}},
		{"quote after equals", `--tags='a b' c`, []string{"--tags=a b", "c"}},
		{"hard spaces", "build\u00a0atrium\u202f1\u3000x", []string{"build", "atrium", "1", "x"}},
		{"invisible", "bu\u200bild\u202e at\u0000rium", []string{"build", "atrium"}},
		{"slash first", "/distro build x", []string{"build", "x"}},
		{"link as typed", "show <http://shop.example.org|shop.example.org>", []string{"show", "shop.example.org"}},
		{"bare link", "add x --url <https://git.example.org/x.git>", []string{"add", "x", "--url", "https://git.example.org/x.git"}},
		{"disguised link", "add x --url <https://evil.example/x.git|https://git.example.org/x.git>", []string{"add", "x", "--url", "https://evil.example/x.git"}},
		{"channel", "edit x --channel <#C0AB|releases>", []string{"edit", "x", "--channel", "C0AB"}},
		{"person and group", "x <@U0AB|bob> <!subteam^S1|@all> <!here>", []string{"x", "U0AB", "S1", "here"}},
		{"entities", "x a&amp;b &lt;c&gt;", []string{"x", "a&b", "<c>"}},
		{"entities are not markup", "x &lt;https://a.example|b&gt;", []string{"x", "<https://a.example|b>"}},
		{"empty quote", `x "" y`, []string{"x", "", "y"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tokens, err := lex(tt.in, true)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, x := range tokens {
				got = append(got, x.text)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("%q gives %q, want %q", tt.in, got, tt.want)
			}
		})
	}
}

// TestShellTextIsRaw holds that what comes from a shell is not read as Slack's
// markup.
func TestShellTextIsRaw(t *testing.T) {
	tokens, err := lex("x <a|b> &amp;", false)
	if err != nil || tokens[1].text != "<a|b>" || tokens[2].text != "&amp;" {
		t.Errorf("%v %v", tokens, err)
	}
}

func TestSplit(t *testing.T) {
	cmd := Command{Verb: "x", Options: []Option{{Name: "tag", Value: "T"}, {Name: "all"}}}
	for _, tt := range []struct {
		in   string
		args []string
		opts map[string]string
		fail string
	}{
		{"a --tag v b --all", []string{"a", "b"}, map[string]string{"tag": "v", "all": "true"}, ""},
		{"--TAG=V", nil, map[string]string{"tag": "V"}, ""},
		{"—tag v –all", nil, map[string]string{"tag": "v", "all": "true"}, ""},
		{"a -- --tag -x", []string{"a", "--tag", "-x"}, nil, ""},
		{`a "--tag"`, []string{"a", "--tag"}, nil, ""},
		{"--tag -5", nil, map[string]string{"tag": "-5"}, ""},
		{"--tag=", nil, map[string]string{"tag": ""}, ""},
		{"--tag --all", nil, nil, "needs a value"},
		{"--tag", nil, nil, "needs a value"},
		{"--all=1", nil, nil, "takes no value"},
		{"--alll", nil, nil, "did you mean --all?"},
	} {
		tokens, err := lex(tt.in, true)
		if err != nil {
			t.Fatal(err)
		}
		args, opts, err := cmd.split(tokens)
		if tt.fail != "" {
			if err == nil || !strings.Contains(err.Error(), tt.fail) {
				t.Errorf("%q: error %v, want %q", tt.in, err, tt.fail)
			}
			continue
		}
		if err != nil || !slices.Equal(args, append([]string{}, tt.args...)) || !maps.Equal(opts, tt.opts) {
			t.Errorf("%q gives %q %v %v", tt.in, args, opts, err)
		}
	}
}

func TestNearest(t *testing.T) {
	words := []string{"upgrade", "unlock", "lock", "list", "sites", "site", "add"}
	for in, want := range map[string]string{"upgarde": "upgrade", "upg": "upgrade", "lst": "list", "lokc": "lock", "zzzzzz": "", "ad": "add", "": "", "x": ""} {
		if got := nearest(in, words); got != want {
			t.Errorf("%q is near %q, want %q", in, got, want)
		}
	}
}

// FuzzParse feeds the parser of command lines: it never panics, keeps its
// bounds, and gives only text that is fit for a line.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"help", `add x --tags '1\.\d+'`, "“a”=‘b’", "<http://x|x> <#C1|n> <@U1> <!subteam^S|x> <>", "--", "-- --", "—x=", "'", "=\"", "\xff\x00<|>", "site create a b --tags=x,y"} {
		f.Add(s, true)
	}
	list := all(&Table{})
	f.Fuzz(func(t *testing.T, text string, slack bool) {
		tokens, err := lex(text, slack)
		if err != nil || len(tokens) == 0 {
			return
		}
		if len(tokens) > maxTokens {
			t.Fatalf("%d words", len(tokens))
		}
		for _, x := range tokens {
			if !utf8.ValidString(x.text) || strings.ContainsAny(x.text, "\x00\n\u202e") {
				t.Fatalf("word %q", x.text)
			}
		}
		cmd, rest, err := find(list, tokens)
		if err != nil {
			return
		}
		args, opts, err := cmd.split(rest)
		if err == nil && len(args)+len(opts) > len(rest) {
			t.Fatalf("%d words became %d arguments and %d options", len(rest), len(args), len(opts))
		}
	})
}
