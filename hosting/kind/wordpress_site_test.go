package kind_test

import (
	"context"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
	"github.com/distrobot/distrobot/internal/lamp"
)

// query reads the site's database.
type query struct{ *copied }

func (q query) Rows(ctx context.Context, text string, args ...any) ([][]string, error) {
	return q.mysql.Query(ctx, q.Database.Name, text, args...)
}

func (c *copied) one(text string) string {
	c.t.Helper()
	rows, err := query{c}.Rows(c.t.Context(), text)
	c.ok(err)
	if len(rows) == 0 {
		return ""
	}
	return rows[0][0]
}

func (c *copied) inspect() fleet.SiteSchema {
	c.t.Helper()
	s, err := c.App.Inspect(c.t.Context(), query{c}, c.Place)
	c.ok(err)
	return s
}

func (c *copied) facts() fleet.PlatformFacts {
	c.t.Helper()
	f, err := detect(c.Tree).Read(c.t.Context(), c.Tree)
	c.ok(err)
	f.Platform = fleet.PlatformName("on-" + f.Schema)
	return f
}

// TestRealWordPress hosts sites of real releases on a real database.
func TestRealWordPress(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := lamp.Code(t, lamp.WordPress)
	for name, test := range map[string]func(*world, lamp.Releases){
		"upgrades": testUpgrades, "goes not back": testGoesNotBack, "misses what it uses": testMissing, "fails": testFailures,
		"a network": testNetwork, "by wp-cli": testCLI, "gets another address": testRename, "counts what is written": testWrites,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(w.in(t), r)
		})
	}
}

// A site is installed on the oldest WordPress and brought to each newer one. What
// was written and who was logged in stays.
func testUpgrades(w *world, r lamp.Releases) {
	t := w.t
	site := w.site(w.tree(r, r.Tags[0]))
	t.Log(site.must(site.App.Install(site.Place)))
	t.Log(site.must(site.App.Install(site.Place))) // a repeated step
	address := site.serve()
	blog := lamp.Blog{Visitor: lamp.NewVisitor(address, string(site.URI))}
	w.ok(blog.LogIn(t.Context(), "admin", site.secrets["admin_password"]))
	post, err := blog.Publish(t.Context(), "Grüße aus dem Laden", "Vom ältesten WordPress")
	w.ok(err)
	for i, tag := range r.Tags {
		if i > 0 {
			next := site.next(w.tree(r, tag))
			before := site.inspect()
			t.Logf("%s: %v", tag, fleet.Pending(*next.facts().Code, before).Pending)
			if n := fleet.Pending(*next.facts().Code, before).Total(); n != 1 {
				t.Errorf("%d updates are pending, want the database's one", n)
			}
			t.Log(next.must(next.App.Update(next.Place)))
			t.Log(next.must(next.App.Update(next.Place)))
			site = next
			address = site.serve()
		}
		a := ask(t, address, string(site.URI), "/")
		if err := site.App.Check.Meets(a); err != nil {
			t.Errorf("%s: %v\n%s", tag, err, a.Body)
		}
		if !strings.Contains(string(a.Body), "Grüße aus dem Laden") || !strings.Contains(string(a.Body), "WordPress "+tag) {
			t.Errorf("%s: the page is not of this version with the post", tag)
		}
		if got, want := fmt.Sprint(site.inspect().Number), site.facts().Schema; got != want {
			t.Errorf("database %s, want %s", got, want)
		}
		// The cookie of the first version opens the administration of each.
		if err := blog.Begin(t.Context()); err != nil {
			t.Errorf("%s: the login was lost: %v", tag, err)
		}
		p, err := blog.Get(t.Context(), post.Link)
		if err != nil || p.Status != 200 || !strings.Contains(p.Body, "ältesten") {
			t.Errorf("the post answers %d (%v)", p.Status, err)
		}
		t.Log(site.must(site.App.Cron(site.Place)))
		testLogin(t, site, address)
	}
}

var button = regexp.MustCompile(`<button[^>]*>Log in as admin</button>`)

// testLogin uses a one-time link as a person does. Looking at it does not use it.
func testLogin(t *testing.T, site *copied, address string) {
	t.Helper()
	make := func() string {
		p, err := site.App.Login(site.Place)
		site.ok(err)
		lines := strings.Fields(site.must([]hosting.Program{p}))
		return lines[len(lines)-1]
	}
	void, link := make(), make()
	if !strings.HasPrefix(link, site.URL()+"/") {
		t.Fatalf("link %q", link)
	}
	press := func(link string, want int) *lamp.Blog {
		t.Helper()
		b := &lamp.Blog{Visitor: lamp.NewVisitor(address, string(site.URI))}
		p, err := b.Submit(t.Context(), link, url.Values{})
		site.ok(err)
		if p.Status != want {
			t.Errorf("the link answers %d at %s, want %d: %.300s", p.Status, p.URL, want, p.Body)
		}
		return b
	}
	for range 2 {
		p, err := lamp.NewVisitor(address, string(site.URI)).Get(t.Context(), link)
		if err != nil || p.Status != 200 || !button.MatchString(p.Body) {
			t.Errorf("the link shows %d %q (%v)", p.Status, p.Body, err)
		}
	}
	press(void, 403)
	press(site.URL()+"/?distrobot-login=no", 403)
	if err := press(link, 200).Begin(t.Context()); err != nil {
		t.Errorf("the link did not log in: %v", err)
	}
	if err := press(link, 403).Begin(t.Context()); err == nil {
		t.Error("the link worked twice")
	}
}

// Code that is older than the database changes nothing.
func testGoesNotBack(w *world, r lamp.Releases) {
	t := w.t
	new := w.site(w.tree(r, r.Tags[len(r.Tags)-1]))
	new.must(new.App.Install(new.Place))
	old := new.next(w.tree(r, r.Tags[0]))
	before, err := w.mysql.Mark(t.Context(), old.Database.Name, nil)
	w.ok(err)
	old.refused(old.App.Update(old.Place), 3, "it cannot go back.")
	after, err := w.mysql.Mark(t.Context(), old.Database.Name, nil)
	w.ok(err)
	if d := cmp.Diff(before.Tables, after.Tables); d != "" {
		t.Errorf("the refusal wrote: %s", d)
	}
	v := fleet.Pending(*old.facts().Code, new.inspect())
	if len(v.Blocks) != 1 || !strings.Contains(v.Blocks[0], "cannot go back") {
		t.Errorf("verdict %+v", v)
	}
}

// A theme or plugin that a site uses and the target lacks is found before
// anything starts, and by the check where nobody looked.
func testMissing(w *world, r lamp.Releases) {
	t := w.t
	from := w.changed(w.tree(r, r.Tags[0]), map[string][]byte{"wp-content/plugins/shop/main.php": []byte("<?php\n/* Plugin Name: Shop\nVersion: 1.0 */\n")})
	site := w.site(from)
	site.must(site.App.Install(site.Place))
	theme := site.one("SELECT option_value FROM wp_options WHERE option_name = 'stylesheet'")
	w.sql(site, `UPDATE wp_options SET option_value = 'a:2:{i:0;s:9:"hello.php";i:1;s:13:"shop/main.php";}' WHERE option_name = 'active_plugins'`)
	if got, want := site.inspect().Enabled, []string{"hello", "shop", theme}; !slices.Equal(got, want) {
		t.Errorf("in use %q, want %q", got, want)
	}
	bare := w.changed(w.tree(r, r.Tags[1]), map[string][]byte{"wp-content/themes/" + theme: nil})
	next := site.next(bare)
	facts := fleet.SiteFacts{URI: site.URI, Enabled: site.inspect().Enabled, Pending: fleet.Pending(*next.facts().Code, site.inspect()).Pending}
	c := fleet.Compare(site.facts(), next.facts(), &facts)
	var blocks []string
	for _, f := range c.Findings {
		if f.Block {
			blocks = append(blocks, f.Text)
		}
	}
	t.Log(blocks, c.Pending)
	if !slices.ContainsFunc(blocks, func(s string) bool { return strings.Contains(s, theme) }) || !slices.ContainsFunc(blocks, func(s string) bool { return strings.Contains(s, "shop") }) {
		t.Errorf("blocks %q", blocks)
	}
	next.must(next.App.Update(next.Place))
	a := ask(t, next.serve(), string(next.URI), "/")
	if err := next.App.Check.Meets(a); err == nil || a.Status != 200 {
		t.Errorf("a page without its theme: %d with %d bytes, %v", a.Status, a.Bytes, err)
	}
}

// What fails says so in one sentence, and as its last line.
func testFailures(w *world, r lamp.Releases) {
	t := w.t
	old := w.site(w.tree(r, r.Tags[0]))
	old.must(old.App.Install(old.Place))
	newest := w.tree(r, r.Tags[len(r.Tags)-1])
	t.Run("a statement fails", func(t *testing.T) {
		next := old.in(t).next(newest)
		w.sql(next, "CREATE TRIGGER stop BEFORE UPDATE ON wp_options FOR EACH ROW BEGIN IF NEW.option_name = 'db_version' THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'no space'; END IF; END")
		next.refused(next.App.Update(next.Place), 4, "The database refused a part of the update: no space.")
	})
	t.Run("a fatal error", func(t *testing.T) {
		next := old.in(t).next(w.changed(newest, map[string][]byte{"wp-content/mu-plugins/broken.php": []byte("<?php\nfunction broken() { return missing_thing(); }\nbroken();\n")}))
		next.refused(next.App.Update(next.Place), 255, "PHP Fatal error: Call to undefined function missing_thing() in wp-content/mu-plugins/broken.php:2")
	})
	t.Run("a syntax error", func(t *testing.T) {
		next := old.in(t).next(w.changed(newest, map[string][]byte{"wp-content/mu-plugins/broken.php": []byte("<?php\nfunction (\n")}))
		next.refused(next.App.Update(next.Place), 255, "PHP Fatal error: ")
	})
	t.Run("an end without a word", func(t *testing.T) {
		next := old.in(t).next(w.changed(newest, map[string][]byte{"wp-content/mu-plugins/broken.php": []byte("<?php\nexit(0);\n")}))
		next.refused(next.App.Update(next.Place), 1, "WordPress ended before its work was done.")
	})
	t.Run("no database", func(t *testing.T) {
		next := old.in(t).next(newest)
		w.ok(w.mysql.Drop(t.Context(), next.Database.Name))
		next.refused(next.App.Update(next.Place), 1, "select database")
	})
	t.Run("an empty database", func(t *testing.T) {
		next := old.in(t).site(newest)
		next.refused(next.App.Update(next.Place), 5, "The database holds no WordPress whose tables begin with wp_.")
	})
	t.Run("half an installation", func(t *testing.T) {
		next := old.in(t).next(newest)
		w.sql(next, "DELETE FROM wp_users")
		next.refused(next.App.Install(next.Place), 5, "The database holds parts of a WordPress already")
	})
}

// sql changes a site's database.
func (w *world) sql(c *copied, text string) {
	w.t.Helper()
	w.shell("mariadb --no-defaults --socket=" + w.server.Socket + " -uroot -p" + w.server.Password + " " + c.Database.Name + " <<'END'\nDELIMITER //\n" + text + "//\nEND")
}
