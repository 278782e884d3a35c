package kind_test

import (
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/distrobot/distrobot/hosting"
	"github.com/distrobot/distrobot/internal/lamp"
)

// fixture gives the files of a directory by path.
func fixture(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	var read func(at string)
	read = func(at string) {
		entries, err := os.ReadDir(filepath.Join(dir, at))
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			p := filepath.Join(at, e.Name())
			if e.IsDir() {
				read(p)
			} else if out[p], err = os.ReadFile(filepath.Join(dir, p)); err != nil {
				t.Fatal(err)
			}
		}
	}
	read(".")
	return out
}

// environ is what a backend tells programs and templates of a site.
func (c *copied) environ() map[string]string {
	d := c.Database
	return map[string]string{
		"SITE_URI": string(c.URI), "SITE_URL": c.URL(), "SITE_ROOT": c.Root, "SITE_DB_ENGINE": d.Engine, "SITE_DB_NAME": d.Name,
		"SITE_DB_USER": d.User, "SITE_DB_PASSWORD": string(d.Password), "SITE_DB_SERVER": "localhost:" + d.Socket,
	}
}

var variable = regexp.MustCompile(`\$\{(SITE_[A-Z_]+)\}`)

// templates renders the settings that distrobot.yml names, as a backend does.
func (c *copied) templates() (out []hosting.File) {
	for from, to := range c.Tree.Spec.Settings {
		text, err := os.ReadFile(filepath.Join(c.Tree.Dir, from))
		c.ok(err)
		text = variable.ReplaceAllFunc(text, func(m []byte) []byte {
			name := string(m[2 : len(m)-1])
			if secret, ok := strings.CutPrefix(name, "SITE_SECRET_"); ok {
				v, _ := c.Place.Secret(strings.ToLower(secret))
				return []byte(v)
			}
			return []byte(c.environ()[name])
		})
		out = append(out, hosting.File{Path: to, Content: text})
	}
	return out
}

// A generic application is installed and upgraded by what its distrobot.yml says
// alone; the one in testdata is for MediaWiki.
func TestRealMediaWiki(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := lamp.Code(t, lamp.MediaWiki)
	files := fixture(t, "testdata/mediawiki")
	site := w.site(w.changed(w.tree(r, r.Tags[0]), files))
	t.Log(site.must(site.App.Install(site.Place)))
	wiki := lamp.Wiki{Visitor: lamp.NewVisitor(site.serve(), string(site.URI))}
	w.ok(wiki.LogIn(t.Context(), "Admin", site.secrets["admin_password"]))
	w.ok(wiki.Edit(t.Context(), "Shop", "Grüße aus dem Laden"))
	for i, tag := range r.Tags {
		if i > 0 {
			site = site.next(w.changed(w.tree(r, tag), files))
			t.Log(site.must(site.App.Update(site.Place)))
			site.serve()
		}
		a := ask(t, site.front.address, string(site.URI), site.App.Check.Path)
		if err := site.App.Check.Meets(a); err != nil {
			t.Errorf("%s: %v\n%.500s", tag, err, a.Body)
		}
		t.Logf("%d bytes", a.Bytes)
		p, err := wiki.Get(t.Context(), "/index.php?"+url.Values{"title": {"Shop"}}.Encode())
		if err != nil || !strings.Contains(p.Body, "Grüße aus dem Laden") || !strings.Contains(p.Body, "MediaWiki "+tag) {
			t.Errorf("%s: the page answers %d %.300s (%v)", tag, p.Status, p.Body, err)
		}
		w.ok(wiki.Edit(t.Context(), "Shop "+tag, "still logged in"))
	}
}
