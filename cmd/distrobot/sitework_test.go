package main

import (
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/distrobot/distrobot/internal/chat"
	"github.com/distrobot/distrobot/internal/lamp"
)

// ordered says a command about a site and waits until its task is done.
func (w *town) ordered(command, title string) chat.Message {
	w.Helper()
	before := map[string]bool{}
	w.chatState(func(s chat.State) {
		for _, c := range s.Channels {
			for _, m := range c.Messages {
				before[m.TS] = true
			}
		}
	})
	w.say("alice", command)
	m := w.seeWith(func(m chat.Message) bool { return !before[m.TS] && (m.Holds("Done in") || m.Holds("Failed.")) }, title)
	if !m.Holds("Done in") {
		w.Fatalf("%s: %s\n%s", command, m.Words(), w.php.Log())
	}
	return m
}

func (w *town) chatState(look func(chat.State)) {
	w.Helper()
	s, err := w.chat.State()
	must(w.T, err)
	look(s)
}

// TestSiteWork does everything to a real site that its people may ask for,
// besides upgrades: logins, rehearsals, backups, clones, and taking over a site
// that somebody else installed.
func TestSiteWork(t *testing.T) {
	code := lamp.Code(t, lamp.WordPress)
	w := newTown(t)
	// Each platform is tried with a scratch site before it is ready.
	r := w.derive("wp", code, func(string) map[string][]byte {
		return map[string][]byte{"distrobot.yml": []byte("version: 1\nsmoke: true\n")}
	})
	r.Tags = r.Tags[len(r.Tags)-2:]
	url, publish := w.forge(r)
	w.say("alice", "add wp --url "+url+" --versions >="+r.Tags[0]+" --self-approval yes --target auto")
	w.see("wp-"+r.Tags[0], "ready")
	if left, err := w.db.SQL(w.Context(), "", "SHOW DATABASES LIKE 'bot%'"); err != nil || strings.TrimSpace(left) != "" {
		t.Errorf("the scratch site left %q (%v)", left, err)
	}
	shop := w.newBlogSite("shop.example", "wp")

	t.Run("login", func(t *testing.T) { shop.login(t) })
	publish(r.Tags[1])
	w.press("bob", "Build", "wp "+r.Tags[1]+" is available")
	w.see("wp-"+r.Tags[1], "upgrade target")
	if m := w.ordered("rehearse shop.example", "Rehearse the move of shop.example"); !m.Holds("would go well; visitors would wait about") {
		t.Errorf("rehearsal: %s", m.Words())
	}
	shop.whole(r.Tags[0])

	w.ordered("site backup shop.example", "Back up site shop.example")
	kept := len(shop.posts)
	shop.write()
	w.ordered("site restore shop.example --yes", "Restore site shop.example")
	missing := 0
	for address := range shop.posts {
		if p, err := lamp.NewVisitor(w.web, shop.host).Get(t.Context(), address); err == nil && p.Status == http.StatusNotFound {
			missing++
		}
	}
	if missing != len(shop.posts)-kept {
		t.Errorf("after the restore %d posts are missing, want %d", missing, len(shop.posts)-kept)
	}
	w.say("alice", "rollback shop.example")
	w.press("alice", "Confirm", "Roll back shop.example")
	w.see("Roll back shop.example", "rolled back to")
	w.say("alice", "site unpin shop.example")
	shop.whole(r.Tags[0])

	w.ordered("site clone shop.example twin.example wp", "Clone into site twin.example")
	guest := lamp.NewVisitor(w.web, "twin.example")
	if v, err := guest.Version(t.Context()); v != "WordPress "+r.Tags[1] {
		t.Errorf("the clone on the target is %q (%v)", v, err)
	}
	for address, text := range shop.posts {
		if p, err := guest.Get(t.Context(), strings.Replace(address, shop.host, "twin.example", 1)); err != nil || !strings.Contains(p.Body, text) {
			t.Errorf("the clone's %s: status %d (%v)", address, p.Status, err)
		}
	}
	shop.whole(r.Tags[0])
	shop.takenOver(r.Tags[0], r.Tags[1])
}

// login follows the address that only the asker sees.
func (s *blogSite) login(t *testing.T) {
	a, err := s.town.chat.Say("bob", "#sites", "/distro site login "+s.host)
	must(t, err)
	if a.Error != "" {
		t.Fatal(a.Error)
	}
	address := regexp.MustCompile(`https?://` + regexp.QuoteMeta(s.host) + `[^\s"<>|]+`)
	link := ""
	must(t, s.town.chat.Await(long, func(state chat.State) (bool, string) {
		all := ""
		if a.Response != nil {
			all = a.Response.Text
		}
		for _, mine := range state.Ephemerals {
			for _, m := range mine {
				all += "\n" + m.Text
			}
		}
		link = address.FindString(strings.ReplaceAll(all, "&amp;", "&"))
		return link != "", "no address: " + all
	}))
	at, err := url.Parse(link)
	must(t, err)
	visitor := lamp.NewVisitor(s.town.web, s.host)
	page, err := visitor.Get(t.Context(), link)
	if err != nil || page.Status != http.StatusOK || !strings.Contains(page.Body, "Log in as admin") {
		t.Errorf("the login page: %d (%v)\n%s", page.Status, err, page.Body)
	}
	// Looking at it is not enough (chat programs do), pressing is, and only once.
	if page, err = visitor.Submit(t.Context(), link, url.Values{}); err != nil || !strings.Contains(page.URL, "/wp-admin/") {
		t.Errorf("after the press: %d at %s (%v)", page.Status, page.URL, err)
	}
	again := lamp.NewVisitor(s.town.web, s.host)
	if page, err = again.Submit(t.Context(), link, url.Values{}); err != nil || strings.Contains(page.URL, "/wp-admin/") {
		t.Errorf("a second press: %d at %s (%v)", page.Status, page.URL, err)
	}
	s.town.chatState(func(state chat.State) {
		if strings.Contains(state.Dump("#sites"), at.RawQuery) {
			t.Error("the channel shows the address")
		}
	})
}

// takenOver makes of the site what somebody else may have installed by hand,
// removes it, and lets the bot take that over and upgrade it.
func (s *blogSite) takenOver(before, after string) {
	w := s.town
	w.Helper()
	old := filepath.Join(w.dir, "old")
	run := func(script string, env ...string) {
		w.Helper()
		cmd := exec.CommandContext(w.Context(), "sh", "-euc", script)
		cmd.Env = append(append(os.Environ(), env...), "OLD="+old, "SITE="+w.data("sites", s.host), "CNF="+filepath.Join(w.db.Dir, "client.cnf"))
		if out, err := cmd.CombinedOutput(); err != nil {
			w.Fatalf("%v\n%s", err, out)
		}
	}
	config, err := os.ReadFile(w.data("sites", s.host, "live", "root", "wp-config.php"))
	must(w.T, err)
	name := regexp.MustCompile(`bot_[a-z0-9]+_g[0-9]+`).FindString(string(config))
	run(`cp -aL "$SITE/live/root/." "$OLD"; chmod -R u+w "$OLD"; chown -R 33:33 "$OLD"
mariadb --defaults-file="$CNF" -e "CREATE DATABASE legacy; CREATE USER legacy@localhost IDENTIFIED BY 'it''s old'; GRANT ALL ON legacy.* TO legacy@localhost"
mariadb-dump --defaults-file="$CNF" --single-transaction "$NAME" | mariadb --defaults-file="$CNF" legacy`, "NAME="+name)
	text := regexp.MustCompile(`(define\(\s*'DB_(NAME|USER)',\s*)'[^']*'`).ReplaceAllString(string(config), "${1}'legacy'")
	text = regexp.MustCompile(`(define\(\s*'DB_PASSWORD',\s*)'[^']*'`).ReplaceAllString(text, `${1}'it\'s old'`)
	must(w.T, os.WriteFile(filepath.Join(old, "wp-config.php"), []byte(text), 0o640))
	run(`chown 33:33 "$OLD/wp-config.php"`)
	w.say("alice", "site remove "+s.host+" "+s.host)
	w.await("the site to be gone", func() (bool, string) {
		_, err := os.Stat(w.data("sites", s.host))
		return os.IsNotExist(err), "it is still there"
	})

	look := w.ordered("site adopt "+s.host+" --path "+old, "Adopt site "+s.host)
	if !look.Holds("can be taken over") || !look.Holds("legacy") {
		w.Errorf("a look says: %s", look.Words())
	}
	if _, err := os.Stat(w.data("sites", s.host, "live")); err == nil {
		w.Error("a look took the site over")
	}
	took := w.ordered("site adopt "+s.host+" --path "+old+" --yes", "Adopt site "+s.host)
	if !took.Holds("was taken over") {
		w.Errorf("taking over says: %s", took.Words())
	}
	s.whole(before)
	if shown := w.do("sites"); !strings.Contains(shown, s.host) {
		w.Errorf("it is not listed:\n%s", shown)
	}
	platform := regexp.MustCompile(`wordpress-[0-9.]+-[0-9a-f]{7}`).FindString(w.do("show " + s.host))
	if platform == "" {
		w.Fatalf("its platform is not shown:\n%s", w.do("show "+s.host))
	}
	w.say("alice", "migrate "+s.host+" wp-"+after)
	w.press("bob", "Confirm", "Migrate "+s.host)
	w.see("Migrate "+s.host, "moved to wp-"+after)
	s.whole(after)
	tables, err := w.db.SQL(w.Context(), "legacy", "SELECT option_value FROM wp_options WHERE option_name = 'db_version'")
	must(w.T, err)
	if strings.TrimSpace(tables) == "" {
		w.Error("the old database is gone")
	}
	w.say("alice", "rollback "+s.host)
	w.press("alice", "Confirm", "Roll back "+s.host)
	w.see("Roll back "+s.host, "rolled back to "+platform)
	s.whole(before)
}
