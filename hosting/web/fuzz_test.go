package web

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/internal/run"
)

// A directive is one of nginx's configuration, as nginx reads it.
type directive struct {
	name  string
	args  []string
	block []directive
}

// parse reads a configuration as ngx_conf_file.c does: words in quotes, blanks
// between words, comments to the end of the line.
func parse(text string) ([]directive, error) {
	p := &parser{text: text}
	all, err := p.block()
	if err == nil && p.text != "" {
		err = fmt.Errorf("an unexpected } before %.40q", p.text)
	}
	return all, err
}

type parser struct{ text string }

func (p *parser) block() ([]directive, error) {
	var out []directive
	var words []string
	for {
		p.text = strings.TrimLeft(p.text, " \t\r\n")
		switch {
		case p.text == "" || p.text[0] == '}':
			if len(words) > 0 {
				return nil, fmt.Errorf("%q has no end", words)
			}
			return out, nil
		case p.text[0] == '#':
			_, p.text, _ = strings.Cut(p.text, "\n")
		case p.text[0] == ';' && len(words) > 0:
			p.text = p.text[1:]
			out = append(out, directive{name: words[0], args: words[1:]})
			words = nil
		case p.text[0] == '{' && len(words) > 0:
			p.text = p.text[1:]
			inner, err := p.block()
			if err != nil || p.text == "" {
				return nil, fmt.Errorf("block %q: %v", words, err)
			}
			p.text = p.text[1:]
			out = append(out, directive{name: words[0], args: words[1:], block: inner})
			words = nil
		default:
			w, err := p.word()
			if err != nil {
				return nil, err
			}
			words = append(words, w)
		}
	}
}

func (p *parser) word() (string, error) {
	quote := p.text[0]
	if quote != '"' && quote != '\'' {
		n := strings.IndexAny(p.text, " \t\r\n;{")
		if n <= 0 {
			return "", fmt.Errorf("no word at %.40q", p.text)
		}
		w := p.text[:n]
		p.text = p.text[n:]
		return w, nil
	}
	var b strings.Builder
	for i := 1; i < len(p.text); i++ {
		switch c := p.text[i]; {
		case c == '\\' && i+1 < len(p.text) && strings.IndexByte(`"'\`, p.text[i+1]) >= 0:
			i++
			b.WriteByte(p.text[i])
		case c == '\\' && i+1 < len(p.text) && strings.IndexByte("trn", p.text[i+1]) >= 0:
			return "", fmt.Errorf("an escape becomes a control character at %.40q", p.text[i:])
		case c == quote:
			p.text = p.text[i+1:]
			if p.text != "" && strings.IndexByte(" \t\r\n;{)", p.text[0]) < 0 {
				return "", fmt.Errorf("no blank after a quoted word at %.40q", p.text)
			}
			return b.String(), nil
		default:
			b.WriteByte(c)
		}
	}
	return "", fmt.Errorf("a quote has no end")
}

// shape is the configuration without the values that may differ.
func shape(all []directive, depth int) string {
	var b strings.Builder
	for _, d := range all {
		fmt.Fprintf(&b, "%*s%s", depth, "", d.name)
		if d.name == "return" {
			fmt.Fprintf(&b, " %s", d.args[0])
		}
		fmt.Fprintf(&b, " %d\n%s", len(d.args), shape(d.block, depth+1))
	}
	return b.String()
}

// FuzzConfiguration puts hostile values where a site brings values of its own:
// the configuration keeps the shape it has with harmless ones, word for word.
func FuzzConfiguration(f *testing.F) {
	f.Add("shop.example.org", "www.example.org", "data", "uploads")
	f.Add("a.example/shop", "b.example", `x"; } server { listen 81; `, "y\\")
	f.Add("a.example:8080/~x/y.z", "b", "$document_root", `\"`)
	f.Add("A.example", "b.example ", "a\nb", "{}")
	f.Add("a.example", "b;}", `"#`, "'")
	f.Add("a.example", "b.example", `\n\t\r`, `(?:)[a-z]*+^$|`)
	f.Fuzz(func(t *testing.T, uri, alias, private, uploads string) {
		dir := t.TempDir()
		front := &Front{Dir: "/data/web", Listen: []string{"80"}, Group: "www-data", FPM: Server{Test: []string{"-"}, Reload: []string{"-"}}}
		user := &run.User{UID: 2001, GID: 2001}
		s, err := front.cleaned(Served{
			URI: fleet.URI(uri), Aliases: []fleet.URI{fleet.URI(alias)}, Dir: dir, PHP: true, User: user,
			Private: []string{private}, Uploads: []string{uploads},
		})
		if err != nil {
			if fleet.CodeOf(err) == "" {
				t.Errorf("an error nobody can read: %v", err)
			}
			return
		}
		s.Dir = "/data/sites/" + fileName(s.URI)
		host, prefix := hostOf(s.URI)
		text, err := front.render("vhost.conf.tmpl", front.vhost(host, []Served{s}))
		if err != nil {
			t.Fatal(err)
		}
		got, err := parse(string(text))
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		harmless := Served{URI: fleet.URI("a.example" + prefixOf(prefix)), Aliases: []fleet.URI{"b.example"}, Dir: "/data/sites/a", PHP: true, User: user, Private: []string{"p"}, Uploads: []string{"u"}}
		plain, err := front.render("vhost.conf.tmpl", front.vhost("a.example", []Served{harmless}))
		if err != nil {
			t.Fatal(err)
		}
		want, err := parse(string(plain))
		if err != nil {
			t.Fatal(err)
		}
		if shape(got, 0) != shape(want, 0) {
			t.Errorf("another shape:\n%s", text)
		}
		checkPool(t, front, s)
	})
}

func prefixOf(prefix string) string {
	if prefix == "" {
		return ""
	}
	return "/p"
}

// checkPool looks at each line of a pool: a key of ours, and a value in quotes
// without anything that PHP-FPM would expand.
func checkPool(t *testing.T, front *Front, s Served) {
	t.Helper()
	text, _, err := front.renderPool(front.pool(s))
	if err != nil {
		t.Fatal(err)
	}
	sections := 0
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSuffix(line, "\n")
		key, value, ok := strings.Cut(line, " = ")
		switch {
		case strings.HasPrefix(line, ";") || line == "":
		case strings.HasPrefix(line, "[") && strings.HasSuffix(line, "]"):
			sections++
		case !ok || strings.ContainsAny(strings.Trim(value, `"`), "\"\\$`;#'") || strings.ContainsAny(key, " \"$"):
			t.Errorf("line %q", line)
		}
	}
	if sections != 1 {
		t.Errorf("%d sections in\n%s", sections, text)
	}
	if socket := front.socket(s.URI); len(socket) > 60 || filepath.Ext(socket) != ".sock" {
		t.Errorf("socket %s", socket)
	}
}
