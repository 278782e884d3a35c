package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/distrobot/distrobot/internal/chat"
	"github.com/distrobot/distrobot/internal/lamp"
)

// A fault is what goes wrong with the upgrade of one site. Whatever it is, the
// site serves its old content afterwards, out of the very database that it had.
type fault struct {
	name    string
	files   map[string][]byte                // what is wrong with the new platform, by path
	prepare func(s *blogSite)                // what the site has that others have not
	poise   func(s *blogSite)                // what is done just before it is confirmed
	during  func(s *blogSite)                // what happens while it is upgraded
	settle  func()                           // undoes it, when people were told
	blocked bool                             // the comparison says so, and nothing can be confirmed
	long    bool                             // not for each change
	alone   bool                             // it hits other sites too, so no other fault is tried meanwhile
	says    []string                         // what people are told
	ends    func(s *blogSite, before string) // of an upgrade that succeeds all the same: what must be true then
}

// plugin is one that a site uses and a platform may lack.
const plugin = "<?php\n/*\nPlugin Name: Shop Kit\nVersion: 1.0\n*/\nadd_action('wp_head', function () { echo '<!-- shop kit -->'; });\n"

// faultyWordPress is the matrix for releases to and from.
func faultyWordPress(w *town, r lamp.Releases, to string) []fault {
	w.Helper()
	upgrade, err := r.File(w.Context(), to, "wp-admin/includes/upgrade.php")
	must(w.T, err)
	broken := strings.Replace(upgrade, "function upgrade_all() {", `function upgrade_all() {
	$GLOBALS['wpdb']->query("UPDATE {$GLOBALS['wpdb']->posts} SET post_content = 'ruined', post_title = 'ruined'");
	throw new Exception('this release cannot be upgraded to');`, 1)
	if broken == upgrade {
		w.Fatal("upgrade.php has no upgrade_all")
	}
	return []fault{
		{name: "failing update", long: true, files: map[string][]byte{"wp-admin/includes/upgrade.php": []byte(broken)}, says: []string{"failed", "old platform"}},
		{name: "PHP fatal", files: map[string][]byte{"wp-includes/template-loader.php": []byte("<?php no_such_function();\n")}, says: []string{"failed", "old platform"}},
		{name: "empty page", long: true, files: map[string][]byte{"wp-includes/template-loader.php": []byte("<?php exit;\n")}, says: []string{"failed", "old platform"}},
		{name: "missing theme", long: true, files: map[string][]byte{"wp-content/themes/twentytwentythree": nil}, blocked: true, says: []string{"twentytwentythree"}},
		{name: "missing plugin", files: map[string][]byte{"wp-content/plugins/shopkit": nil}, blocked: true, says: []string{"shopkit"},
			prepare: func(s *blogSite) { must(s.town.T, s.admin.Activate(s.town.Context(), "shopkit/shopkit")) }},
		{name: "odd tables", prepare: oddTables, ends: oddTablesKept, says: []string{"moved to"}},
		// The new platform has another shared path, so that the site's host must change.
		{name: "nginx refuses", alone: true, files: map[string][]byte{"distrobot.yml": []byte("version: 1\nshared: [wp-content/new-uploads]\n")},
			prepare: refusingNginx, says: []string{"failed", "nginx refuses its configuration"}},
		{name: "database server killed", alone: true, poise: lockedTable, during: killedDatabase, says: []string{"failed", "old platform"}},
		{name: "worker killed", alone: true, files: latch, during: killedWorker, ends: keptBefore, says: []string{"moved to"}},
		{name: "lease lost", long: true, alone: true, files: latch, during: stoppedWorker, ends: keptBefore, says: []string{"moved to"}},
	}
}

// refusingNginx breaks the configuration for as long as the fault is tried.
func refusingNginx(s *blogSite) {
	path := s.town.data("web", "operator.conf")
	must(s.town.T, os.WriteFile(path, []byte("an operator's mistake;\n"), 0o644))
	s.town.Cleanup(func() { _ = os.Remove(path) })
}

// lockedTable makes whoever copies the site's database wait, and nobody else.
func lockedTable(s *blogSite) {
	w, old := s.town, s.database()
	go func() {
		_, _ = w.db.SQL(w.Context(), old, "LOCK TABLES wp_links WRITE; SELECT SLEEP(600)") // it dies with the server
	}()
	w.awaitQuery("User sleep")
}

// killedDatabase ends MariaDB in the middle of a clone and starts it again.
func killedDatabase(s *blogSite) {
	s.town.awaitQuery("Waiting for table metadata lock")
	s.town.db.Kill()
	must(s.town.T, s.town.db.Restart())
}

// awaitQuery waits until the database server is in a state with some query.
func (w *town) awaitQuery(state string) {
	w.Helper()
	w.await(state, func() (bool, string) {
		list := sql(w, "", "SELECT state, info FROM information_schema.processlist WHERE id <> CONNECTION_ID()")
		return strings.Contains(list, state), list
	})
}

// latch is a platform whose update waits until the test opens a door: a file
// among the site's uploads.
var latch = map[string][]byte{"distrobot.yml": []byte(`version: 1
update: [[sh, -c, "touch wp-content/uploads/waits; until [ -e wp-content/uploads/door ]; do sleep 0.05; done"]]
`)}

func (s *blogSite) door(name string) string {
	return s.town.data("sites", s.host, "shared", "wp-content", "uploads", name)
}

func (s *blogSite) awaitUpdate() {
	s.town.Helper()
	s.town.await("the update to wait", func() (bool, string) { _, err := os.Stat(s.door("waits")); return err == nil, fmt.Sprint(err) })
}

// killedWorker ends the whole program in the middle of the update; a new one
// takes the task up.
func killedWorker(s *blogSite) {
	s.awaitUpdate()
	s.town.kill()
	must(s.town.T, os.WriteFile(s.door("door"), nil, 0o644))
	s.town.serve()
}

// stoppedWorker lets the program's lease run out while it does not know.
func stoppedWorker(s *blogSite) {
	w := s.town
	s.awaitUpdate()
	w.signal(syscall.SIGSTOP)
	time.Sleep(2 * lease) // nothing tells that a lease has ended but the clock
	w.signal(syscall.SIGCONT)
	must(w.T, os.WriteFile(s.door("door"), nil, 0o644))
}

// keptBefore wants the new copy to be whole.
func keptBefore(s *blogSite, _ string) {
	s.town.Helper()
	guest := lamp.NewVisitor(s.town.web, s.host)
	for address, text := range s.posts {
		if p, err := guest.Get(s.town.Context(), address); err != nil || !strings.Contains(p.Body, text) {
			s.town.Errorf("%s after the move: status %d, %d bytes (%v)", address, p.Status, len(p.Body), err)
		}
	}
}

// oddTables gives a site's database what a copy might lose.
func oddTables(s *blogSite) {
	sql(s.town, s.database(), `
		CREATE TABLE nokey (a INT, b VARCHAR(50) CHARACTER SET latin1) DEFAULT CHARSET=latin1;
		INSERT INTO nokey VALUES (1, 'Straße'), (1, 'Straße'), (NULL, NULL);
		CREATE TABLE smile (id INT PRIMARY KEY AUTO_INCREMENT, t TEXT) DEFAULT CHARSET=utf8mb4 AUTO_INCREMENT=4711;
		INSERT INTO smile (t) VALUES ('😀'), ('naïve');
		CREATE VIEW happy AS SELECT id, t FROM smile WHERE t LIKE '%😀%';
		CREATE TABLE heard (what TEXT) DEFAULT CHARSET=utf8mb4;
		CREATE TRIGGER hear AFTER INSERT ON smile FOR EACH ROW INSERT INTO heard VALUES (CONCAT('heard ', NEW.t));`)
}

// oddTablesKept wants all of it in the new database, working.
func oddTablesKept(s *blogSite, _ string) {
	s.town.Helper()
	sql(s.town, s.database(), "INSERT INTO smile (t) VALUES ('new')")
	got := sql(s.town, s.database(), `SELECT COUNT(*), COUNT(DISTINCT b), MAX(HEX(b)) FROM nokey; SELECT id, t FROM happy; SELECT MAX(id) FROM smile; SELECT what FROM heard;
		SELECT character_set_name FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'nokey' AND column_name = 'b'`)
	if want := "3\t1\t53747261DF65\n4711\t😀\n4713\nheard new\nlatin1\n"; got != want {
		s.town.Errorf("the new database has\n%s\nwant\n%s", got, want)
	}
}

// database is the name of the one that visitors get.
func (s *blogSite) database() string {
	s.town.Helper()
	text, err := os.ReadFile(s.town.data("sites", s.host, "live", "site.json"))
	must(s.town.T, err)
	var r struct{ Database struct{ Name string } }
	must(s.town.T, json.Unmarshal(text, &r))
	if r.Database.Name == "" {
		s.town.Fatalf("no database in\n%s", text)
	}
	return r.Database.Name
}

// sums are the checksums of all tables of a database, and of its settings: what
// changes by itself (scheduled work, caches, and who is logged in) left out.
func (s *blogSite) sums(database string) string {
	s.town.Helper()
	var tables []string
	for name := range strings.Lines(sql(s.town, database, "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE' ORDER BY 1")) {
		if name = strings.TrimSpace(name); name != "wp_options" && name != "wp_usermeta" {
			tables = append(tables, name)
		}
	}
	return sql(s.town, database, "CHECKSUM TABLE "+strings.Join(tables, ", ")+`;
		SET group_concat_max_len = 100000000;
		SELECT COUNT(*), MD5(GROUP_CONCAT(option_name, '=', option_value ORDER BY option_name)) FROM wp_options WHERE option_name NOT LIKE '%transient%' AND option_name <> 'cron';
		SELECT COUNT(*), MD5(GROUP_CONCAT(user_id, meta_key, '=', meta_value ORDER BY umeta_id)) FROM wp_usermeta WHERE meta_key <> 'session_tokens'`)
}

func sql(w *town, database, text string) string {
	w.Helper()
	out, err := w.db.SQL(w.Context(), database, text)
	must(w.T, err)
	return out
}

// diskSize holds two platforms, their repository and what must be free, in MB.
const diskSize = 700

// fillDisk leaves no room on a disk.
func fillDisk(w *town, path string) {
	w.Helper()
	f, err := os.Create(path)
	must(w.T, err)
	defer f.Close()
	for err == nil {
		_, err = f.Write(make([]byte, 1<<20))
	}
	if !errors.Is(err, syscall.ENOSPC) {
		w.Fatal(err)
	}
}

// TestWordPressFaults runs the matrix, all faults at once on one machine.
func TestWordPressFaults(t *testing.T) {
	code := lamp.Code(t, lamp.WordPress)
	w := newTown(t)
	code.Tags = code.Tags[len(code.Tags)-2:]
	from, to := code.Tags[0], code.Tags[1]
	r := w.derive("wp", code, func(string) map[string][]byte {
		return map[string][]byte{"wp-content/plugins/shopkit/shopkit.php": []byte(plugin)}
	})
	faults := faultyWordPress(w, r, to)
	for i, f := range faults {
		must(t, r.Vary(t.Context(), to, variant(i), f.files))
	}
	url, _ := w.forge(r)
	w.say("alice", "add wp --url "+url+" --self-approval yes --kind wordpress")
	w.build(from)
	one := func(t *testing.T, i int) {
		if faults[i].long {
			lamp.Thorough(t)
		}
		w := w.within(t)
		w.build(variant(i))
		w.suffer(faults[i], strings.ReplaceAll(strings.ToLower(faults[i].name), " ", "-")+".example", from, variant(i))
	}
	t.Run("at once", func(t *testing.T) {
		for i, f := range faults {
			if !f.alone {
				t.Run(f.name, func(t *testing.T) { t.Parallel(); one(t, i) })
			}
		}
	})
	for i, f := range faults {
		if f.alone {
			t.Run(f.name, func(t *testing.T) { one(t, i) })
		}
	}
}

// variant is the tag of a faulty release.
func variant(i int) string { return fmt.Sprintf("9.0.%d", i) }

// within is the same town for a part of its test.
func (w *town) within(t *testing.T) *town {
	part := *w
	part.T = t
	return &part
}

// build orders a platform and waits for it.
func (w *town) build(tag string) {
	w.Helper()
	w.say("alice", "build wp "+tag)
	w.see("wp-"+tag, "ready")
}

// suffer tries to move a site to a faulty platform.
func (w *town) suffer(f fault, host, from, to string) {
	w.Helper()
	s := w.newBlogSite(host, "wp-"+from)
	if f.prepare != nil {
		f.prepare(s)
	}
	s.whole(from)
	old := s.database()
	before := s.sums(old)
	w.say("alice", "migrate "+host+" wp-"+to)
	if f.blocked {
		m := w.see(append([]string{host}, f.says...)...)
		if _, is := m.Button("Confirm"); is {
			w.Errorf("it can be confirmed: %s", m.Words())
		}
	} else {
		w.seeWith(func(m chat.Message) bool { _, is := m.Button("Confirm"); return is }, host, "wp-"+to)
		if f.poise != nil {
			f.poise(s)
		}
		w.press("alice", "Confirm", host, "wp-"+to)
		if f.during != nil {
			f.during(s)
		}
		m := w.seeWith(func(m chat.Message) bool { return m.Holds("Took ") }, host)
		if !m.Holds(f.says...) {
			w.Errorf("people are told %q, want %q", m.Words(), f.says)
		}
	}
	if f.settle != nil {
		f.settle()
	}
	if f.ends != nil {
		f.ends(s, before)
		w.press("alice", "Roll back", host, "moved to")
		w.press("alice", "Confirm", "Roll back", host)
		w.see("Roll back", host, "rolled back to wp-"+from)
	}
	if now := s.database(); now != old {
		w.Errorf("the site has database %s, want %s", now, old)
	}
	if after := s.sums(old); after != before {
		w.Errorf("the database has changed from\n%s\nto\n%s", before, after)
	}
	s.whole(from)
}
