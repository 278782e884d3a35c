package kind_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
	"github.com/distrobot/distrobot/hosting/kind"
	"github.com/distrobot/distrobot/hosting/local"
	"github.com/distrobot/distrobot/hosting/web"
	"github.com/distrobot/distrobot/internal/database"
	"github.com/distrobot/distrobot/internal/lamp"
)

// TestMoves installs and upgrades real sites: DISTROBOT_CMS_MOVES is a list of
// OLD=NEW, directories of code bases, separated by colons. Every site gets a
// MariaDB, an nginx and a PHP-FPM of the test's own, and is moved there and back
// by the local backend.
//
// Clones of the public repositories that the figures in the documentation come
// from, as trees of two releases each:
//
//	git clone https://github.com/pantheon-systems/drops-7     # tags 7.98 and 7.103
//	git clone https://github.com/backdrop/backdrop            # tags 1.24.0 and 1.27.1
//	git clone https://github.com/thinkcollege/thinkwork       # 1386da803 (9.5.11), 07cd440e7 (10.1.5), 2d6c08387 (10.3.6)
//	git --git-dir drops-7/.git archive 7.98 | tar -x -C d7-7.98
//	DISTROBOT_CMS_MOVES=$PWD/d7-7.98=$PWD/d7-7.103 go test ./hosting/kind -run TestMoves -v
func TestMoves(t *testing.T) {
	list := os.Getenv("DISTROBOT_CMS_MOVES")
	if list == "" {
		t.Log("DISTROBOT_CMS_MOVES is not set: no real site is moved; the tests of settings and scripts hold their parts")
		return
	}
	m := newMachine(t)
	for i, move := range strings.Split(list, ":") {
		from, to, _ := strings.Cut(move, "=")
		t.Run(filepath.Base(from)+"="+filepath.Base(to), func(t *testing.T) {
			m.move(t, fleet.URI(fmt.Sprintf("site%d.example", i+1)), from, to)
		})
	}
}

// A machine has everything that sites need.
type machine struct {
	backend *local.Backend
	db      *lamp.MariaDB
	front   *web.Front
	address string // of nginx
}

func newMachine(t *testing.T) *machine {
	t.Helper()
	dir, err := os.MkdirTemp("", "moves")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	data := filepath.Join(dir, "data")
	db := lamp.NewMariaDB(t)
	open := database.Server{Socket: db.Socket, User: "root", Password: database.Secret(db.Password), Prefix: "bot_"}
	engine, err := database.OpenMySQL(open)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = engine.Close() })
	port, err := lamp.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	m := &machine{db: db, address: fmt.Sprintf("127.0.0.1:%d", port)}
	front := &web.Front{Dir: filepath.Join(data, "web"), Listen: []string{m.address}, Children: 2}
	nginx := lamp.NewNginx(t, front.Dir)
	fpm := lamp.NewFPM(t, filepath.Join(front.Dir, "pools"))
	front.Nginx = web.Server{Test: nginx.Test, Reload: nginx.Reload}
	front.FPM = web.Server{Test: fpm.Test, Reload: fpm.Reload}
	m.front = front
	m.backend = &local.Backend{
		Data: data, Host: "local", Front: front,
		Server: &local.Server{Store: engine, Accounts: engine, Prefix: "bot_", Socket: db.Socket},
	}
	if os.Geteuid() == 0 {
		m.backend.Users = local.IDs{First: 60100, Last: 60199}
	}
	return m
}

// A moved is one site on its way.
type moved struct {
	*testing.T
	*machine
	copy  hosting.Copy
	kind  hosting.Kind
	place hosting.Place // of the generation that was switched to last
}

// publish makes a platform of a directory.
func (s *moved) publish(dir string) {
	s.Helper()
	name := fleet.PlatformName(strings.ReplaceAll(filepath.Base(dir), ".", "-"))
	stage, err := s.backend.Stage(s.Context(), name, 1)
	s.must(err)
	// Links where that is possible: what is tried here never writes to a platform.
	out, err := exec.Command("cp", "-a", dir, stage).CombinedOutput()
	if err != nil {
		s.Fatalf("%v: %s", err, out)
	}
	at, err := s.backend.Publish(s.Context(), name, stage)
	if fleet.CodeOf(err) == fleet.Exists {
		at, err = s.backend.Tree(s.Context(), name)
	}
	s.must(err)
	spec, err := hosting.ReadSpec(at)
	s.must(err)
	s.copy.Platform, s.copy.Tree = name, hosting.Tree{Dir: at, Spec: spec}
	i := slices.IndexFunc(kind.All(), func(k hosting.Kind) bool { return k.Detect(s.copy.Tree) })
	s.kind = kind.All()[i]
	s.copy.Kind, s.copy.App = s.kind.Name(), s.kind.App(s.copy.Tree)
}

func (s *moved) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// timed does something and says how long it took.
func (s *moved) timed(what string, do func(ctx context.Context) error) {
	s.Helper()
	begin := time.Now()
	s.must(do(s.Context()))
	s.Logf("%-10s %6.2f s", what, time.Since(begin).Seconds())
}

func (s *moved) run(what string, programs func(hosting.Place) []hosting.Program) []string {
	s.Helper()
	var lines []string
	s.timed(what, func(ctx context.Context) error {
		err := s.backend.Run(ctx, s.copy, programs, func(line string) { lines = append(lines, line) })
		if err != nil {
			s.Log(strings.Join(lines, "\n"))
		}
		return err
	})
	return lines
}

// prepare lays the generation out and fills it.
func (s *moved) prepare() {
	s.Helper()
	s.timed("lay", func(ctx context.Context) error { return s.backend.Lay(ctx, s.copy) })
	s.timed("fill", func(ctx context.Context) error { _, err := s.backend.Fill(ctx, s.copy); return err })
}

// healthy wants the check of the kind to be met by the generation.
func (s *moved) healthy() {
	s.Helper()
	s.timed("check", func(ctx context.Context) error {
		a, err := s.backend.Check(ctx, s.copy, s.copy.App.Check.Path)
		if err != nil {
			return err
		}
		return s.copy.App.Check.Meets(a)
	})
}

// schema is what the database says of itself.
func (s *moved) schema() fleet.SiteSchema {
	s.Helper()
	schema, known, err := s.backend.Inspect(s.Context(), s.copy)
	s.must(err)
	if !known {
		s.Fatal("the kind says nothing of the site's database")
	}
	return schema
}

func (s *moved) verdict() fleet.Verdict {
	s.Helper()
	facts, err := s.kind.Read(s.Context(), s.copy.Tree)
	s.must(err)
	return fleet.Pending(*facts.Code, s.schema())
}

// publicly makes the generation live.
func (s *moved) publicly(what string, do func(context.Context, hosting.Copy) error) {
	s.Helper()
	s.must(s.backend.Run(s.Context(), s.copy, func(p hosting.Place) []hosting.Program { s.place = p; return nil }, nil))
	s.timed(what, func(ctx context.Context) error { return do(ctx, s.copy) })
}

// site is a site that is about to be installed.
func (m *machine) site(t *testing.T, uri fleet.URI) *moved {
	id := "01J" + strings.ToUpper(strings.NewReplacer(".", "", "-", "").Replace(string(uri)))
	return &moved{T: t, machine: m, copy: hosting.Copy{URI: uri, ID: id, Generation: 1, Fence: 1}}
}

func (m *machine) move(t *testing.T, uri fleet.URI, from, to string) {
	s := m.site(t, uri)
	s.publish(from)
	s.prepare()
	s.run("install", s.copy.App.Install)
	s.run("again", s.copy.App.Install) // must find that it is done
	s.run("content", s.content)
	s.healthy()
	s.publicly("switch", s.backend.Switch)
	s.upload()
	if v := s.verdict(); v.Total() != 0 || len(v.Blocks) > 0 {
		t.Errorf("after the installation: %+v", v)
	}
	s.serves("Ada writes")
	old := s.copy

	s.publish(to)
	s.upgrade(old)
	s.serves("Ada writes")
	s.login()

	// Back: the old platform with the data that was kept, which nobody touched.
	newer := s.copy
	s.copy = old
	s.copy.Generation, s.copy.From, s.copy.Takes = 3, 1, true
	s.copy.Previous = []hosting.Kept{{Generation: 2, Platform: newer.Platform}}
	s.timed("lay back", func(ctx context.Context) error { return s.backend.Lay(ctx, s.copy) })
	s.timed("take", func(ctx context.Context) error { return s.backend.Take(ctx, s.copy) })
	s.publicly("back", s.backend.Switch)
	s.serves("Ada writes")
	s.login()
	if v := s.verdict(); v.Total() != 0 || len(v.Blocks) > 0 {
		t.Errorf("after the way back: %+v", v)
	}
}

// upgrade rehearses the move to the platform that was published last, and makes
// it: as many updates as were predicted run, and none is left.
func (s *moved) upgrade(old hosting.Copy) {
	s.Helper()
	s.copy.From = old.Generation
	s.copy.Generation = old.Generation
	pending := s.verdict()
	s.Logf("predicted  %d updates: %v %v", pending.Total(), pending.Pending, pending.Blocks)
	if len(pending.Blocks) > 0 || pending.Total() == 0 {
		s.Errorf("predicted %+v", pending)
	}
	s.copy.Generation++
	s.copy.Rehearsal = true
	s.prepare()
	s.run("rehearse", s.copy.App.Update)
	s.healthy()
	s.renamed()
	s.run("cron", s.copy.App.Cron)
	s.copy.Rehearsal = false
	s.prepare()
	lines := s.run("update", s.copy.App.Update)
	s.Log(strings.Join(lines, "\n"))
	s.healthy()
	s.serves("Ada writes") // the old copy
	if v := s.verdict(); v.Total() != 0 || len(v.Blocks) > 0 {
		s.Errorf("after the update: %+v", v)
	}
	s.publicly("switch", s.backend.Switch)
}
