package local_test

import (
	"database/sql"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
	"github.com/distrobot/distrobot/hosting/local"
	"github.com/distrobot/distrobot/internal/database"
	"github.com/distrobot/distrobot/internal/lamp"
)

// A shop is a site with a database on a real server.
type shop struct {
	*testing.T
	b    *local.Backend
	db   *sql.DB
	tree hosting.Tree
	app  hosting.App
}

const shopURI = fleet.URI("shop.example")

func newShop(t *testing.T) *shop {
	t.Helper()
	server := lamp.NewMariaDB(t)
	m, err := database.OpenMySQL(database.Server{Socket: server.Socket, User: "root", Password: database.Secret(server.Password), Prefix: "bot_"})
	must(t, err)
	t.Cleanup(func() { _ = m.Close() })
	c := mysql.NewConfig()
	c.Net, c.Addr, c.User, c.Passwd = "unix", server.Socket, "root", server.Password
	db, err := sql.Open("mysql", c.FormatDSN())
	must(t, err)
	db.SetMaxOpenConns(1) // USE holds for what follows
	t.Cleanup(func() { _ = db.Close() })
	s := &shop{T: t, b: newBackend(t), db: db}
	s.b.Server = &local.Server{Store: m, Accounts: m, Prefix: "bot_", Socket: server.Socket}
	stage, err := s.b.Stage(t.Context(), "shop-1", 1)
	must(t, err)
	must(t, os.MkdirAll(stage, 0o755))
	must(t, os.WriteFile(filepath.Join(stage, "index.html"), []byte("shop"), 0o644))
	must(t, os.WriteFile(filepath.Join(stage, "settings.tpl"), []byte("${SITE_DB_NAME} ${SITE_DB_PASSWORD} ${SITE_SECRET_SALT}"), 0o644))
	must(t, os.WriteFile(filepath.Join(stage, "distrobot.yml"), []byte("version: 1\nsettings: {settings.tpl: settings.txt}\n"), 0o644))
	dir, err := s.b.Publish(t.Context(), "shop-1", stage)
	must(t, err)
	spec, err := hosting.ReadSpec(dir)
	must(t, err)
	s.tree = hosting.Tree{Dir: dir, Spec: spec}
	s.app = hosting.App{Docroot: ".", Check: spec.Check,
		Database: &hosting.Need{Engine: "mysql", Volatile: []string{"cache*"}, Ignored: []string{"cache*", "sessions"}}}
	return s
}

func (s *shop) copy(n, from int64) hosting.Copy {
	return hosting.Copy{URI: shopURI, ID: "01shop", Kind: "generic", Platform: "shop-1", Tree: s.tree, App: s.app,
		Generation: n, From: from, Fence: n, Task: "01t"}
}

// client runs SQL as the site's programs do: with the account they are given.
func (s *shop) client(c hosting.Copy, text string) ([]string, error) {
	s.Helper()
	var said []string
	err := s.b.Run(s.Context(), c, func(p hosting.Place) []hosting.Program {
		return []hosting.Program{{
			Argv: []string{"sh", "-c", `MYSQL_PWD="$SITE_DB_PASSWORD" mariadb --batch --skip-column-names --socket="$SITE_DB_SOCKET" --user="$SITE_DB_USER" "$SITE_DB_NAME"`},
			Says: "client", Stdin: text,
		}}
	}, func(line string) { said = append(said, line) })
	return said[min(1, len(said)):], err
}

// make lays a generation out, fills it and lets visitors in.
func (s *shop) make(c hosting.Copy, sql string) {
	s.Helper()
	must(s.T, s.b.Lay(s.Context(), c))
	_, err := s.b.Fill(s.Context(), c)
	must(s.T, err)
	if sql != "" {
		_, err := s.client(c, sql)
		must(s.T, err)
	}
	s.publish(c)
}

func (s *shop) publish(c hosting.Copy) {
	s.Helper()
	_, err := s.b.Hold(s.Context(), c)
	must(s.T, err)
	must(s.T, s.b.Switch(s.Context(), c))
	_, err = s.b.Release(s.Context(), c)
	must(s.T, err)
}

func (s *shop) databases() []string {
	s.Helper()
	rows, err := s.db.QueryContext(s.Context(), "SHOW DATABASES LIKE 'bot\\_%'")
	must(s.T, err)
	defer rows.Close()
	var out []string
	for rows.Next() {
		var name string
		must(s.T, rows.Scan(&name))
		out = append(out, name)
	}
	must(s.T, rows.Err())
	slices.Sort(out)
	return out
}

func (s *shop) want(names ...string) {
	s.Helper()
	if got := s.databases(); !slices.Equal(got, names) {
		s.Errorf("databases %v, want %v", got, names)
	}
}

// write changes the data of a generation as visitors do.
func (s *shop) write(db, text string) {
	s.Helper()
	_, err := s.db.ExecContext(s.Context(), "USE "+db)
	must(s.T, err)
	_, err = s.db.ExecContext(s.Context(), text)
	must(s.T, err)
}

const firstData = `CREATE TABLE orders (id INT PRIMARY KEY, what VARCHAR(20)); INSERT INTO orders VALUES (1, 'tea'), (2, 'milk');
CREATE TABLE cache_page (id INT PRIMARY KEY); INSERT INTO cache_page VALUES (1); CREATE TABLE sessions (id INT PRIMARY KEY);`

// Every generation has a database of its own; the old one is never touched, is
// kept for the way back, and is archived before it goes.
func TestDatabases(t *testing.T) {
	s := newShop(t)
	ctx := t.Context()
	one := s.copy(1, 0)
	s.make(one, firstData)
	s.want("bot_01shop_g1")

	trial := s.copy(2, 1)
	trial.Rehearsal = true
	must(t, s.b.Lay(ctx, trial))
	_, err := s.b.Fill(ctx, trial)
	must(t, err)
	if got, err := s.client(trial, "SELECT COUNT(*) FROM orders"); err != nil || len(got) != 1 || got[0] != "2" {
		t.Errorf("the rehearsal has %q orders (%v)", got, err)
	}
	s.want("bot_01shop_g1", "bot_01shop_gr")
	must(t, s.b.Abandon(ctx, trial))
	s.want("bot_01shop_g1")

	two := s.copy(2, 1)
	two.Previous = []hosting.Kept{{Generation: 1, Platform: "shop-1"}}
	s.make(two, "UPDATE orders SET what = 'coffee' WHERE id = 1;")
	s.want("bot_01shop_g1", "bot_01shop_g2")
	var old string
	var pages int
	must(t, s.db.QueryRowContext(ctx, "SELECT what, (SELECT COUNT(*) FROM bot_01shop_g2.cache_page) FROM bot_01shop_g1.orders WHERE id = 1").Scan(&old, &pages))
	if old != "tea" || pages != 0 {
		t.Errorf("the old copy says %q; %d cached pages were copied", old, pages)
	}
	if w, err := s.b.Written(ctx, two); err != nil || !w.Nothing() {
		t.Errorf("written before anybody wrote: %+v (%v)", w, err)
	}
	s.write("bot_01shop_g2", "INSERT INTO sessions VALUES (7)")
	if w, err := s.b.Written(ctx, two); err != nil || !w.Nothing() {
		t.Errorf("a session counts: %+v (%v)", w, err)
	}
	s.write("bot_01shop_g2", "INSERT INTO orders VALUES (3, 'cake')")
	if w, err := s.b.Written(ctx, two); err != nil || w.Rows["orders"] != 1 || w.Nothing() {
		t.Errorf("an order does not count: %+v (%v)", w, err)
	}

	back := s.copy(3, 1)
	back.Takes, back.Previous = true, []hosting.Kept{{Generation: 2, Platform: "shop-1"}}
	must(t, s.b.Lay(ctx, back))
	must(t, s.b.Take(ctx, back))
	s.publish(back)
	must(t, s.b.Tidy(ctx, back))
	s.want("bot_01shop_g1", "bot_01shop_g2")
	if r, err := s.b.Live(ctx, shopURI); err != nil || r.Database == nil || r.Database.Name != "bot_01shop_g1" {
		t.Errorf("after the rollback %+v (%v)", r.Database, err)
	}

	four := s.copy(4, 3)
	four.Previous = []hosting.Kept{{Generation: 3, Platform: "shop-1"}}
	s.make(four, "")
	must(t, s.b.Tidy(ctx, four))
	s.want("bot_01shop_g1", "bot_01shop_g4")
	archive := filepath.Join(s.b.Data, "sites", string(shopURI), "archive", "2", "database.zst")
	if _, err := os.Stat(archive); err != nil {
		t.Errorf("the copy that went was not archived: %v", err)
	}
}

// A removed site is gone from the server, and kept apart for a month.
func TestRemovedDatabase(t *testing.T) {
	s := newShop(t)
	one := s.copy(1, 0)
	s.make(one, firstData)
	must(t, s.b.Remove(t.Context(), one))
	s.want()
	var users int
	must(t, s.db.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM mysql.user WHERE User LIKE 'bot%'").Scan(&users))
	if users != 0 {
		t.Error("the account is still there")
	}
	kept, err := filepath.Glob(filepath.Join(s.b.Data, "removed", string(shopURI)+"@*", "archive", "1", "database.zst"))
	if err != nil || len(kept) != 1 {
		t.Errorf("kept %v (%v)", kept, err)
	}
	if left, _ := filepath.Glob(filepath.Join(s.b.Data, "sites", "*shop*")); len(left) > 0 {
		t.Errorf("left behind %v", left)
	}
	must(t, s.b.Remove(t.Context(), one)) // once more changes nothing
}

// The site's account reaches its own databases and nobody else's, and nobody
// but the worker and the site reads its password.
func TestDatabaseAccount(t *testing.T) {
	s := newShop(t)
	one := s.copy(1, 0)
	must(t, s.b.Lay(t.Context(), one))
	_, err := s.b.Fill(t.Context(), one)
	must(t, err)
	s.write("mysql", "CREATE DATABASE bot_other")
	if got, err := s.client(one, "SHOW DATABASES"); err != nil || slices.Contains(got, "bot_other") || !slices.Contains(got, "bot_01shop_g1") {
		t.Errorf("the site sees %q (%v)", got, err)
	}
	gen := filepath.Join(s.b.Data, "sites", string(shopURI), "gen", "1")
	settings, err := os.ReadFile(filepath.Join(gen, "root", "settings.txt"))
	must(t, err)
	words := strings.Fields(string(settings))
	if len(words) != 3 || words[0] != "bot_01shop_g1" || len(words[1]) < 40 || len(words[2]) != 64 {
		t.Fatalf("settings %q", settings)
	}
	for _, name := range []string{"site.json", "view.json"} {
		text, err := os.ReadFile(filepath.Join(gen, name))
		if err != nil || strings.Contains(string(text), words[1]) || strings.Contains(string(text), words[2]) {
			t.Errorf("%s tells a secret (%v)", name, err)
		}
	}
	if info, err := os.Stat(filepath.Join(s.b.Data, "sites", string(shopURI), "secrets.json")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("secrets: %v %v", info, err)
	}
	must(t, s.b.Lay(t.Context(), one))
	again, err := os.ReadFile(filepath.Join(gen, "root", "settings.txt"))
	if err != nil || string(again) != string(settings) {
		t.Errorf("settings changed to %q (%v)", again, err)
	}
	var said []string
	must(t, s.b.Run(t.Context(), one, func(hosting.Place) []hosting.Program {
		return []hosting.Program{{Argv: []string{"sh", "-c", `echo "it is $SITE_DB_PASSWORD"`}, Says: "tell"}}
	}, func(line string) { said = append(said, line) }))
	if strings.Contains(strings.Join(said, " "), words[1]) {
		t.Errorf("the log tells the password: %q", said)
	}
}
