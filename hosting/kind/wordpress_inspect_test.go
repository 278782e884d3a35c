package kind_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
)

// tables answers a kind's queries from a list of "TABLE NAME VALUE" lines.
type tables []string

func (q tables) Rows(_ context.Context, text string, _ ...any) ([][]string, error) {
	var out [][]string
	seen := map[string]bool{}
	for _, line := range q {
		f := strings.SplitN(line, " ", 3)
		switch {
		case strings.Contains(text, "information_schema"):
			if !seen[f[0]] {
				out = append(out, f[:1])
			}
			seen[f[0]] = true
		case len(f) < 3 || !strings.Contains(text, "`"+f[0]+"`"):
		case strings.HasPrefix(text, "SELECT option_name"):
			out = append(out, f[1:])
		case strings.HasPrefix(text, "SELECT meta_value"):
			out = append(out, f[2:])
		}
	}
	return out, nil
}

func TestWordPressInspect(t *testing.T) {
	one := tables{"wp_posts", "wp_options db_version 57155", "wp_options stylesheet child", "wp_options template parent",
		`wp_options active_plugins a:2:{i:0;s:13:"shop/main.php";i:1;s:9:"hello.php";}`}
	named := func(prefix string, of tables) (out tables) {
		for _, line := range of {
			out = append(out, prefix+strings.TrimPrefix(line, "wp_"))
		}
		return out
	}
	for _, c := range []struct {
		name   string
		tables tables
		prefix string
		want   fleet.SiteSchema
		fails  string
	}{
		{name: "a site", tables: one, want: fleet.SiteSchema{Number: 57155, Enabled: []string{"child", "hello", "parent", "shop"}}},
		{name: "another prefix", tables: named("x9_", one), want: fleet.SiteSchema{Number: 57155, Enabled: []string{"child", "hello", "parent", "shop"}}},
		{name: "known among several", tables: slices.Concat(one, named("b_", tables{"wp_posts", "wp_options db_version 1"})), prefix: "b_", want: fleet.SiteSchema{Number: 1}},
		{name: "a network", tables: slices.Concat(one, tables{"wp_7_posts", "wp_7_options db_version 60421", "wp_7_options stylesheet seven", "wp_x_options stylesheet none",
			`wp_sitemeta active_sitewide_plugins a:1:{s:9:"net/n.php";i:1700000000;}`}),
			want: fleet.SiteSchema{Number: 60421, Enabled: []string{"child", "hello", "net", "parent", "seven", "shop"}}},
		{name: "a broken list", tables: tables{"wp_posts", "wp_options db_version 7", `wp_options active_plugins a:9:{i:0;`}, want: fleet.SiteSchema{Number: 7}},
		{name: "no tables", fails: "holds no tables of WordPress"},
		{name: "two sites", tables: slices.Concat(named("a_", one), named("b_", one)), fails: "more than one WordPress"},
		{name: "no version", tables: tables{"wp_posts", "wp_options stylesheet x"}, fails: "wp_options does not say"},
		{name: "a hostile table", tables: tables{"wp_`; DROP_posts", "wp_`; DROP_options db_version 3"}, fails: "holds no tables"},
	} {
		t.Run(c.name, func(t *testing.T) {
			tree := lay(t, releasedWordPress)
			p := wpPlace(tree, &hosting.Access{Prefix: c.prefix}, "")
			got, err := detect(tree).App(tree).Inspect(t.Context(), c.tables, p)
			if c.fails != "" {
				if err == nil || !strings.Contains(err.Error(), c.fails) {
					t.Errorf("error %v, want %q", err, c.fails)
				}
				return
			}
			if d := cmp.Diff(c.want, got); d != "" || err != nil {
				t.Error(d, err)
			}
		})
	}
}
