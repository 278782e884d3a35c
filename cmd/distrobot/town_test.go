package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/distrobot/distrobot/internal/chat"
	"github.com/distrobot/distrobot/internal/lamp"
	"github.com/distrobot/distrobot/internal/mirror"
)

// A town is a hosting machine with everything on it: the bot with its worker and
// a workspace to talk to it, MariaDB, nginx, PHP-FPM, and a server of git
// repositories. Its data lies in a directory that the sites' users can pass.
type town struct {
	*testing.T
	all   *testing.T // the test that the town lives for; T may be a part of it
	dir   string
	env   []string
	db    *lamp.MariaDB
	nginx *lamp.Nginx
	php   *lamp.FPM
	web   string // where nginx listens: "127.0.0.1:8080"
	chat  *chat.Client
	bots  chan *proc // holds the one that runs
}

// lease is how long a worker keeps a task that it does not tell of.
const lease = 3 * time.Second

// newTown starts all of it; settings are further variables of the bot's.
func newTown(t *testing.T, settings ...string) *town {
	t.Helper()
	dir, err := os.MkdirTemp("", "town")
	must(t, err)
	t.Cleanup(func() { removeAll(t, dir) })
	return newTownIn(t, dir, settings...)
}

// newTownIn starts it in a directory, whose part data may be a disk of its own.
func newTownIn(t *testing.T, dir string, settings ...string) *town {
	t.Helper()
	for _, d := range []string{dir, filepath.Join(dir, "data")} {
		must(t, os.MkdirAll(d, 0o755))
		must(t, os.Chmod(d, 0o755))
	}
	var err error
	w := &town{T: t, all: t, dir: dir, bots: make(chan *proc, 1), db: lamp.NewMariaDB(t)}
	w.nginx = lamp.NewNginx(t, w.data("web"))
	w.php = lamp.NewFPM(t, w.data("web", "pools"))
	w.web = fmt.Sprintf("127.0.0.1:%d", freePort(t))
	w.env = append(os.Environ(),
		"DISTROBOT_KEY=0123456789abcdef0123456789abcdef", "DISTROBOT_DATA="+w.data(), "DISTROBOT_LOG_LEVEL=info",
		"DISTROBOT_ADMINS=U0ALICE", "DISTROBOT_MAINTAINERS=U0BOB", "DISTROBOT_CHANNEL=#sites", "DISTROBOT_ALLOW_PRIVATE=true",
		"DISTROBOT_POLL_INTERVAL=1s", "DISTROBOT_SOAK=1s", "DISTROBOT_LEASE="+lease.String(), "DISTROBOT_GRACE=3s", "DISTROBOT_CHECK_RETRY=2s",
		fmt.Sprintf("DISTROBOT_LISTEN=127.0.0.1:%d", freePort(t)))
	w.env = append(append(w.env, w.hostingEnv()...), settings...)
	slack := w.start(`(?m)^SLACK_APP_TOKEN=.+\n`, "workspace", "--listen", "127.0.0.1:0")
	w.chat, err = chat.New(regexp.MustCompile(`Workspace: (\S+)`).FindStringSubmatch(slack.out.String())[1])
	must(t, err)
	w.env = append(w.env, regexp.MustCompile(`(?m)^SLACK_[A-Z_]+=.*$`).FindAllString(slack.out.String(), -1)...)
	w.serve()
	return w
}

// hostingEnv tells the bot of the servers.
func (w *town) hostingEnv() []string {
	return []string{
		"DISTROBOT_DB=unix:" + w.db.Socket, "DISTROBOT_DB_PASSWORD=" + w.db.Password,
		"DISTROBOT_WEB=nginx", "DISTROBOT_NGINX_LISTEN=" + w.web,
		"DISTROBOT_NGINX_TEST=" + strings.Join(w.nginx.Test, " "), "DISTROBOT_NGINX_RELOAD=" + strings.Join(w.nginx.Reload, " "),
		"DISTROBOT_FPM_TEST=" + strings.Join(w.php.Test, " "), "DISTROBOT_FPM_RELOAD=" + strings.Join(w.php.Reload, " "),
	}
}

// serve starts the bot.
func (w *town) serve() {
	w.Helper()
	w.bots <- w.start(`(?m)^ready`, "serve")
}

// start runs the program until it says what matches; it ends with the test.
func (w *town) start(until string, args ...string) *proc {
	w.Helper()
	program, err := exec.LookPath("distrobot")
	must(w.T, err)
	p := &proc{cmd: exec.Command(program, args...), out: &lockedBuffer{}, done: make(chan struct{})}
	p.cmd.Dir, p.cmd.Env, p.cmd.Stdout, p.cmd.Stderr = w.dir, w.env, p.out, p.out
	must(w.T, p.cmd.Start())
	go func() { _ = p.cmd.Wait(); close(p.done) }()
	w.all.Cleanup(func() {
		procs{"": p}.killAll()
		if w.all.Failed() {
			w.all.Logf("%s said:\n%s", args[0], p.out.String())
		}
	})
	re := regexp.MustCompile(until)
	w.await(args[0]+" to be ready", func() (bool, string) {
		select {
		case <-p.done:
			w.Fatalf("%s ended:\n%s", args[0], p.out.String())
		default:
		}
		return re.MatchString(p.out.String()), p.out.String()
	})
	return p
}

// kill ends the bot as a crash does; serve starts it again.
func (w *town) kill() {
	w.Helper()
	bot := <-w.bots
	must(w.T, bot.cmd.Process.Signal(syscall.SIGKILL))
	<-bot.done
}

// signal sends the bot a signal that it survives.
func (w *town) signal(s syscall.Signal) {
	w.Helper()
	bot := <-w.bots
	w.bots <- bot
	must(w.T, bot.cmd.Process.Signal(s))
}

func (w *town) data(parts ...string) string {
	return filepath.Join(append([]string{w.dir, "data"}, parts...)...)
}

// long bounds every wait: machines differ, and nothing sleeps for it.
const long = 3 * time.Minute

// await polls until ok is content; what it last said is told when time is over.
func (w *town) await(what string, ok func() (bool, string)) {
	w.Helper()
	for deadline := time.Now().Add(long); ; time.Sleep(20 * time.Millisecond) {
		done, said := ok()
		if done {
			return
		}
		if time.Now().After(deadline) {
			w.Fatalf("waited %s for %s:\n%s", long, what, said)
		}
	}
}

// say types a command.
func (w *town) say(user, command string) {
	w.Helper()
	w.reach(command, func() (chat.Answer, error) { return w.chat.Say(user, "#sites", "/distro "+command) })
}

// reach does what a person does until it reaches the bot: one that has just been
// started is not connected yet, and Slack says so.
func (w *town) reach(what string, do func() (chat.Answer, error)) {
	w.Helper()
	w.await(what, func() (bool, string) {
		a, err := do()
		must(w.T, err)
		if a.Error != "" && a.Error != "dispatch_failed" {
			w.Fatalf("%s: %s", what, a.Error)
		}
		return a.Error == "", a.Error
	})
}

// see waits for a message with all the words and gives it.
func (w *town) see(words ...string) chat.Message {
	w.Helper()
	return w.seeWith(func(chat.Message) bool { return true }, words...)
}

func (w *town) seeWith(ok func(chat.Message) bool, words ...string) chat.Message {
	w.Helper()
	var found chat.Message
	must(w.T, w.chat.Await(long, func(s chat.State) (bool, string) {
		m, is := s.FindWith("#sites", ok, words...)
		found = m
		return is, fmt.Sprintf("no message holds %q:\n%s\nprivate: %+v", words, s.Dump("#sites"), s.Ephemerals)
	}))
	return found
}

// press presses the button whose label begins so on a message with the words.
func (w *town) press(user, label string, words ...string) {
	w.Helper()
	has := func(m chat.Message) bool { _, is := m.Button(label); return is }
	m := w.seeWith(has, words...)
	b, _ := m.Button(label)
	w.reach("press "+label, func() (chat.Answer, error) { return w.chat.Click(user, "#sites", m.TS, b) })
}

// do runs a command from the shell and gives what it prints.
func (w *town) do(command string) string {
	w.Helper()
	program, err := exec.LookPath("distrobot")
	must(w.T, err)
	cmd := exec.Command(program, "do", command)
	cmd.Dir, cmd.Env = w.dir, w.env
	out, err := cmd.CombinedOutput()
	if err != nil {
		w.Fatalf("do %q: %v\n%s", command, err, out)
	}
	return string(out)
}

// create lets the bot make a site, and waits until it is there.
func (w *town) create(host, on string) {
	w.Helper()
	w.say("alice", "site create "+host+" "+on)
	m := w.seeWith(func(m chat.Message) bool { return m.Holds("Done in") || m.Holds("ailed") }, "Create site "+host)
	if !m.Holds("Done in") {
		w.Fatalf("%s\n%s", m.Words(), w.php.Log())
	}
}

// upgrade asks for one site's upgrade to the target and confirms it.
func (w *town) upgrade(host, from, to string) {
	w.Helper()
	w.say("alice", "upgrade "+host)
	w.press("alice", "Confirm", "Upgrade "+host+" from "+from+" to "+to)
}

// secret is one of a site's, as its administrator finds it on the machine.
func (w *town) secret(host, name string) string {
	w.Helper()
	text, err := os.ReadFile(w.data("sites", host, "secrets.json"))
	must(w.T, err)
	var all map[string]string
	must(w.T, json.Unmarshal(text, &all))
	if all[name] == "" {
		w.Fatalf("%s has no secret %s", host, name)
	}
	return all[name]
}

// forge serves the releases of a test as a git repository whose tags appear one
// by one: the first is there, publish adds the others.
func (w *town) forge(r lamp.Releases) (url string, publish func(tag string)) {
	w.Helper()
	root := filepath.Dir(r.Repository)
	ref := func(args ...string) {
		w.Helper()
		if out, err := exec.Command("git", append([]string{"--git-dir", r.Repository, "update-ref"}, args...)...).CombinedOutput(); err != nil {
			w.Fatalf("git update-ref: %v\n%s", err, out)
		}
	}
	for _, tag := range r.Tags[1:] {
		ref("refs/later/"+tag, "refs/tags/"+tag)
		ref("-d", "refs/tags/"+tag)
	}
	ref("refs/heads/main", "refs/tags/"+r.Tags[0])
	h, err := mirror.HTTPBackend(root)
	must(w.T, err)
	srv := httptest.NewServer(h)
	w.Cleanup(srv.Close)
	return srv.URL + "/" + filepath.Base(r.Repository), func(tag string) { ref("refs/tags/"+tag, "refs/later/"+tag) }
}

func freePort(t *testing.T) int {
	t.Helper()
	port, err := lamp.FreePort()
	must(t, err)
	return port
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// removeAll removes a tree with read-only directories in it.
func removeAll(t *testing.T, dir string) {
	t.Helper()
	_ = filepath.WalkDir(dir, func(p string, d os.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			_ = os.Chmod(p, 0o700)
		}
		return nil
	})
	if err := os.RemoveAll(dir); err != nil {
		t.Error(err)
	}
}

// picture is a small PNG, another one for each side.
func picture(t *testing.T, side int) []byte {
	t.Helper()
	var b bytes.Buffer
	must(t, png.Encode(&b, image.NewGray(image.Rect(0, 0, side, side))))
	return b.Bytes()
}

// derive makes a repository of the test's own of releases.
func (w *town) derive(name string, r lamp.Releases, change func(tag string) map[string][]byte) lamp.Releases {
	w.Helper()
	mine, err := r.Derive(context.Background(), filepath.Join(w.dir, "forge-"+name, name+".git"), change)
	must(w.T, err)
	return mine
}
