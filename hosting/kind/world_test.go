package kind_test

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
	"github.com/distrobot/distrobot/internal/database"
	"github.com/distrobot/distrobot/internal/lamp"
	"github.com/distrobot/distrobot/internal/run"
)

// A world has a database server for sites of real code.
type world struct {
	t      *testing.T
	server *lamp.MariaDB
	mysql  *database.MySQL
	made   *atomic.Int64 // sites and generations
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, server: lamp.NewMariaDB(t), made: new(atomic.Int64)}
	var err error
	w.mysql, err = database.OpenMySQL(database.Server{Socket: w.server.Socket, User: "root", Password: database.Secret(w.server.Password), Prefix: "bot_"})
	w.ok(err)
	t.Cleanup(func() { _ = w.mysql.Close() })
	return w
}

func (w *world) ok(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// trees unpacks each tag of a repository once for all tests.
var trees = struct {
	sync.Mutex
	dirs map[string]string
	root string
}{dirs: map[string]string{}}

func TestMain(m *testing.M) {
	code := m.Run()
	_ = os.RemoveAll(trees.root)
	os.Exit(code)
}

// tree gives the code of a release, read-only by agreement.
func (w *world) tree(r lamp.Releases, tag string) hosting.Tree {
	w.t.Helper()
	trees.Lock()
	defer trees.Unlock()
	key := r.Repository + "@" + tag
	if trees.dirs[key] == "" {
		if trees.root == "" {
			root, err := os.MkdirTemp("", "trees")
			w.ok(err)
			trees.root = root
		}
		dir := filepath.Join(trees.root, fmt.Sprint(len(trees.dirs)))
		w.ok(os.Mkdir(dir, 0o755))
		w.shell("git -C '" + r.Repository + "' archive " + tag + " | tar -x -C " + dir)
		trees.dirs[key] = dir
	}
	return w.open(trees.dirs[key])
}

func (w *world) open(dir string) hosting.Tree {
	w.t.Helper()
	spec, err := hosting.ReadSpec(dir)
	w.ok(err)
	return hosting.Tree{Dir: dir, Spec: spec}
}

// changed gives a copy of a tree with other content of some files; nil removes
// one, or a directory.
func (w *world) changed(t hosting.Tree, files map[string][]byte) hosting.Tree {
	w.t.Helper()
	dir := filepath.Join(w.t.TempDir(), "tree")
	w.ok(link(t.Dir, dir))
	for name, content := range files {
		at := filepath.Join(dir, name)
		w.ok(os.RemoveAll(at))
		if content != nil {
			w.ok(os.MkdirAll(filepath.Dir(at), 0o755))
			w.ok(os.WriteFile(at, content, 0o644))
		}
	}
	return w.open(dir)
}

func (w *world) shell(script string) {
	w.t.Helper()
	_, err := run.Run(w.t.Context(), run.Command{Program: "sh", Args: []string{"-c", script}, Env: run.Environ()})
	w.ok(err)
}

// link makes a tree of hard links, as a site's view of a platform is.
func link(from, to string) error {
	return filepath.WalkDir(from, func(at string, d fs.DirEntry, err error) error {
		rel, _ := filepath.Rel(from, at)
		switch {
		case err != nil:
			return err
		case d.IsDir():
			return os.Mkdir(filepath.Join(to, rel), 0o755)
		case d.Type()&fs.ModeSymlink != 0:
			target, err := os.Readlink(at)
			if err != nil {
				return err
			}
			return os.Symlink(target, filepath.Join(to, rel))
		}
		return os.Link(at, filepath.Join(to, rel))
	})
}

// A copied is one generation of a site, laid out as a backend does it.
type copied struct {
	*world
	hosting.Place
	secrets map[string]string
	front   *front
}

// A front serves one generation of a site, and then another at the same address.
type front struct {
	address string
	stop    func()
}

// in gives the world to a subtest.
func (w *world) in(t *testing.T) *world {
	n := *w
	n.t = t
	return &n
}

// in gives the site to a subtest.
func (c *copied) in(t *testing.T) *copied {
	n := *c
	n.world = c.world.in(t)
	return &n
}

// site lays out the first generation of a new site, with an empty database.
func (w *world) site(t hosting.Tree) *copied {
	w.t.Helper()
	n := w.made.Add(1)
	user := fmt.Sprintf("bot_s%d", n)
	password, err := w.mysql.CreateUser(w.t.Context(), user)
	w.ok(err)
	c := &copied{world: w, secrets: map[string]string{}, front: &front{stop: func() {}}}
	c.URI, c.ID = fleet.URI(fmt.Sprintf("shop%d.example", n)), user
	c.Shared = w.t.TempDir()
	c.Database = &hosting.Access{Engine: "mysql", User: user, Password: password, Socket: w.server.Socket}
	c.Place.Secret = func(name string) (string, error) {
		switch {
		case c.secrets[name] != "":
		case strings.HasSuffix(name, "password") || detect(t).Name() == "generic": // templates do not quote
			c.secrets[name] = strings.Repeat("correcthorse"+strings.ReplaceAll(name, "_", ""), 4)[:64]
		default:
			c.secrets[name] = strings.Repeat(name+`'\${x}`, 64)[:64]
		}
		return c.secrets[name], nil
	}
	c.generation(t, 1)
	w.ok(w.mysql.Create(w.t.Context(), c.Database.Name))
	w.ok(w.mysql.Grant(w.t.Context(), user, c.Database.Name))
	return c
}

// next lays out the next generation on another tree, with a copy of the data.
func (c *copied) next(t hosting.Tree) *copied {
	c.t.Helper()
	n := *c
	access := *c.Database
	n.Database = &access
	n.generation(t, c.Generation+1)
	_, err := c.mysql.Clone(c.t.Context(), c.Database.Name, n.Database.Name, database.Options{SkipRows: n.App.Database.Volatile})
	c.ok(err)
	c.ok(c.mysql.Grant(c.t.Context(), n.Database.User, n.Database.Name))
	return &n
}

func (c *copied) generation(t hosting.Tree, n int64) {
	c.t.Helper()
	c.Generation, c.Tree, c.App = n, t, detect(t).App(t)
	c.Database.Name = fmt.Sprintf("%s_g%d", c.Database.User, c.made.Add(1))
	c.Root = filepath.Join(c.t.TempDir(), "root")
	c.lay()
}

// lay makes the view with its settings.
func (c *copied) lay() {
	c.t.Helper()
	c.ok(os.RemoveAll(c.Root))
	c.ok(link(c.Tree.Dir, c.Root))
	for _, p := range c.App.Shared {
		at, data := filepath.Join(c.Root, p), filepath.Join(c.Shared, p)
		c.ok(os.RemoveAll(at))
		c.ok(os.MkdirAll(data, 0o755))
		c.ok(os.MkdirAll(filepath.Dir(at), 0o755))
		c.ok(os.Symlink(data, at))
	}
	files := c.templates()
	if c.App.Settings != nil {
		more, err := c.App.Settings(c.Place)
		c.ok(err)
		files = append(files, more...)
	}
	for _, f := range files {
		at := filepath.Join(c.Root, f.Path)
		_ = os.Remove(at) // a link into the platform must not be written through
		c.ok(os.MkdirAll(filepath.Dir(at), 0o755))
		c.ok(os.WriteFile(at, f.Content, 0o640))
	}
}

// executable lets a file of the view be run.
func (c *copied) executable(name string) {
	c.t.Helper()
	c.ok(os.Chmod(filepath.Join(c.Root, name), 0o755))
}

// run runs programs as a backend does, and gives all that they said.
func (c *copied) run(programs ...hosting.Program) (string, error) {
	var said strings.Builder
	env := append(run.Environ(), "HOME="+c.Root)
	for name, value := range c.environ() {
		env = append(env, name+"="+value)
	}
	for _, p := range programs {
		program := p.Argv[0]
		if strings.Contains(program, "/") && !filepath.IsAbs(program) {
			program = filepath.Join(c.Root, program)
		}
		_, err := run.Run(c.t.Context(), run.Command{
			Program: program, Args: p.Argv[1:], Dir: c.Root, Stdin: strings.NewReader(p.Stdin), Timeout: 5 * time.Minute,
			Env:   append(env, p.Env...),
			Lines: func(line string) { fmt.Fprintln(&said, line) },
		})
		if err != nil {
			return said.String(), err
		}
	}
	return said.String(), nil
}

// must runs programs that succeed.
func (c *copied) must(programs []hosting.Program) string {
	c.t.Helper()
	said, err := c.run(programs...)
	if err != nil {
		c.t.Fatalf("%v\n%s", err, said)
	}
	return said
}

// refused wants the last program to end with a code and a last line.
func (c *copied) refused(programs []hosting.Program, code int, line string) {
	c.t.Helper()
	said, err := c.run(programs...)
	e, ok := err.(*run.Error)
	if !ok || e.ExitCode != code || !strings.Contains(e.Last, line) {
		c.t.Errorf("error %v, want code %d and %q\n%s", err, code, line, said)
	}
}

// serve serves the generation in place of the one before, until the test ends,
// and gives the address.
func (c *copied) serve() string {
	c.t.Helper()
	c.front.stop()
	if c.front.address == "" {
		port, err := lamp.FreePort()
		c.ok(err)
		c.front.address = fmt.Sprintf("127.0.0.1:%d", port)
		c.t.Cleanup(func() { c.front.stop() })
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = run.Run(ctx, run.Command{
			Program: "php", Args: []string{"-d", "display_errors=0", "-S", c.front.address, "-t", filepath.Join(c.Root, c.App.Docroot)},
			Dir: c.Root, Env: run.Environ(), KillGrace: time.Second,
		}) // ended by cancel
	}()
	c.front.stop = func() { cancel(); <-ended }
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		conn, err := net.Dial("tcp", c.front.address)
		if err == nil {
			_ = conn.Close()
			return c.front.address
		}
		if time.Now().After(deadline) {
			c.t.Fatalf("no server after 20 s: %v", err)
		}
	}
}

// ask makes one request of a visitor.
func ask(t *testing.T, address, host, path string) hosting.Answer {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Host = host
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return hosting.Answer{Status: resp.StatusCode, Bytes: int64(len(body)), Body: body}
}
