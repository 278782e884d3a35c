package kind_test

import (
	"net/url"
	"slices"
	"strings"

	"github.com/distrobot/distrobot/internal/database"
	"github.com/distrobot/distrobot/internal/lamp"
)

// What visitors, cron and somebody who logs in make WordPress write by itself
// counts for nothing; what people say and make does.
func testWrites(w *world, r lamp.Releases) {
	t, ctx := w.t, w.t.Context()
	for _, tag := range []string{r.Tags[0], r.Tags[len(r.Tags)-1]} {
		site := w.site(w.tree(r, tag))
		site.must(site.App.Install(site.Place))
		address, host := site.serve(), string(site.URI)
		// The private check comes before anything is counted.
		w.ok(site.App.Check.Meets(ask(t, address, host, "/")))
		counts := func() database.Counts {
			t.Helper()
			c, err := w.mysql.Writes(ctx, site.Database.Name, site.App.Database.Ignored)
			w.ok(err)
			return c
		}
		wrote := func(what string, do func(), tables ...string) {
			t.Helper()
			before := counts()
			do()
			rows, known := before.Since(counts())
			if !known {
				t.Fatalf("%s %s: nobody knows what was written", tag, what)
			}
			for _, table := range tables {
				if _, ok := rows[table]; !ok {
					t.Errorf("%s %s: %v, want %s", tag, what, rows, table)
				}
			}
			if len(tables) == 0 && len(rows) > 0 {
				t.Errorf("%s %s wrote %v", tag, what, rows)
			}
		}
		counts() // the first ones have nothing before them
		guest := lamp.NewVisitor(address, host)
		for _, path := range []string{"/", "/?feed=rss2", "/?s=shop", "/no/such/page", "/?p=1", "/wp-login.php", "/?rest_route=/", "/wp-sitemap.xml", "/?rest_route=/wp/v2/users/9"} {
			wrote("a visit of "+path, func() {
				_, err := guest.Get(ctx, path)
				w.ok(err)
			})
		}
		wrote("cron", func() { site.must(site.App.Cron(site.Place)) })
		admin := lamp.Blog{Visitor: lamp.NewVisitor(address, host)}
		wrote("a login", func() { w.ok(admin.LogIn(ctx, "admin", site.secrets["admin_password"])) })
		wrote("the dashboard, which prepares a draft,", func() { testLogin(t, site, address) }, "wp_posts")
		wrote("a comment", func() {
			p, err := guest.Submit(ctx, "/wp-comments-post.php", url.Values{"comment_post_ID": {"1"}, "author": {"Bob"}, "email": {"bob@example.org"}, "comment": {"Hello " + tag}})
			w.ok(err)
			if p.Status != 200 {
				t.Errorf("the comment was answered %d: %.300s", p.Status, p.Body)
			}
		}, "wp_comments")
		wrote("a post", func() {
			_, err := admin.Publish(ctx, "A post", "Text")
			w.ok(err)
		}, "wp_posts")
		wrote("an account", func() {
			_, err := admin.AddAuthor(ctx, "author", "pass of author")
			w.ok(err)
		}, "wp_users")
	}
	if slices.ContainsFunc(w.site(w.tree(r, r.Tags[0])).App.Database.Ignored, func(p string) bool { return strings.HasPrefix(p, "wp_") }) {
		t.Error("a table is ignored by its prefix, which sites choose")
	}
}
