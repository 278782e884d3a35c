package aegir_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting/aegir"
)

// TestReadRows holds the traps of drush sql-query: empty columns, escapes, an
// empty result, and answers that are none.
func TestReadRows(t *testing.T) {
	for _, c := range []struct {
		name, answer string
		columns      int
		want         []string
		bad          bool
	}{
		{"rows", "8\taegir.example.com\t.\n130\tsite1.example.com\t.\n", 2, []string{"8|aegir.example.com", "130|site1.example.com"}, false},
		{"empty columns", "\t\t.\n1\t\t.\n", 2, []string{"|", "1|"}, false},
		{"an empty result", "\n", 2, nil, false},
		{"nothing", "", 2, nil, false},
		{"escapes", `a\tb\\c\nd\0` + "\tNULL\t.\n", 2, []string{"a\tb\\c\nd\x00|NULL"}, false},
		{"a backslash at the end", "a\\\t.\n", 1, []string{`a\`}, false},
		{"a column too few", "1\t.\n", 2, nil, true},
		{"a column too many", "1\t2\t3\t.\n", 2, nil, true},
		{"stripped", "1\t2\n", 2, nil, true},
		{"an error instead", "Query failed.\n", 1, nil, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			err := aegir.ReadRows(strings.NewReader(c.answer), c.columns, func(row []string) error {
				got = append(got, strings.Join(row, "|"))
				return nil
			})
			if (err != nil) != c.bad || !slices.Equal(got, c.want) {
				t.Errorf("got %q, %v", got, err)
			}
			if c.bad && fleet.CodeOf(err) != fleet.Failed {
				t.Errorf("error %v", err)
			}
		})
	}
}

// FuzzReadRows checks that whatever an answer holds, no row has another number of
// columns, and what the mysql client escapes comes back as it was.
func FuzzReadRows(f *testing.F) {
	f.Add("8\ta\t.\n", "text")
	f.Add("\\\t\\\\\t.\n\n\t\t.", "a\tb\\c\nd")
	f.Add("1\t2\t3\t.", `\`)
	f.Fuzz(func(t *testing.T, answer, value string) {
		check := func(row []string) error {
			if len(row) != 2 {
				t.Errorf("%d columns", len(row))
			}
			return nil
		}
		_ = aegir.ReadRows(strings.NewReader(answer), 2, check)
		value = strings.ReplaceAll(value, "\r", "")
		escaped := strings.NewReplacer("\\", "\\\\", "\t", "\\t", "\n", "\\n", "\x00", "\\0").Replace(value)
		got := ""
		err := aegir.ReadRows(strings.NewReader(escaped+"\t7\t.\n"), 2, func(row []string) error {
			got = row[0]
			return nil
		})
		if err != nil || got != value {
			t.Errorf("%q came back as %q (%v)", value, got, err)
		}
	})
}

// TestVersionOrder holds the pairs that Aegir itself has in the wrong order.
func TestVersionOrder(t *testing.T) {
	for _, c := range [][2]string{
		{"10.3.1", "9.5.11"}, {"10.3.9", "10.3.1"}, {"11.0.0", "9.5.11"}, {"8.9.20", "7.105"}, {"3.0.0", "3.0.0-beta2"}, {"7.105", "7.99"}, {"7.x-3.29", "7.x-3.9"},
	} {
		if !aegir.Newer(c[0], c[1]) || aegir.Newer(c[1], c[0]) {
			t.Errorf("%s is not taken to be later than %s", c[0], c[1])
		}
	}
}

// TestBlocks holds what stops a move, and what does not.
func TestBlocks(t *testing.T) {
	target := []aegir.Package{{Type: "module", Name: "views", Schema: 7001}, {Type: "module", Name: "none", Schema: 0}}
	for _, c := range []struct {
		name string
		have aegir.Package
		want string
	}{
		{"a schema downgrade", aegir.Package{Type: "module", Name: "views", Schema: 7003, Enabled: true}, "schema 7003, newer than 7001"},
		{"an enabled module that is missing", aegir.Package{Type: "module", Name: "brk", Enabled: true}, "brk is enabled and not on the platform"},
		{"a disabled one", aegir.Package{Type: "module", Name: "brk"}, ""},
		{"an upgrade", aegir.Package{Type: "module", Name: "views", Schema: 7000, Enabled: true}, ""},
		{"no schema there", aegir.Package{Type: "module", Name: "none", Schema: 9, Enabled: true}, ""},
		{"core", aegir.Package{Type: "platform", Name: "drupal", Enabled: true}, ""},
		{"one of the site's own", aegir.Package{Type: "module", Name: "mine", Enabled: true}, ""},
	} {
		got := strings.Join(aegir.Blocks([]aegir.Package{c.have}, target, func(p aegir.Package) bool { return p.Name == "mine" }), " ")
		if (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s: %q", c.name, got)
		}
	}
}
