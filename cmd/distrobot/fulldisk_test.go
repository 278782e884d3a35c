package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/distrobot/distrobot/internal/chat"
	"github.com/distrobot/distrobot/internal/lamp"
)

// fullable starts a town whose sites and platforms are on a small disk of their
// own; Redis and the databases lie elsewhere. It gives the disk's directory.
func fullable(t *testing.T, settings ...string) (*town, string) {
	t.Helper()
	lamp.Thorough(t)
	if os.Geteuid() != 0 {
		t.Skip("only root can mount a small disk")
	}
	dir, err := os.MkdirTemp("", "town")
	must(t, err)
	t.Cleanup(func() { removeAll(t, dir) })
	disk, redis := filepath.Join(dir, "data"), filepath.Join(dir, "redis")
	must(t, errors.Join(os.Mkdir(disk, 0o755), os.Mkdir(redis, 0o755)))
	must(t, syscall.Mount("none", disk, "tmpfs", 0, fmt.Sprintf("size=%dm,mode=755", diskSize)))
	t.Cleanup(func() { must(t, syscall.Unmount(disk, syscall.MNT_DETACH)) })
	server := exec.Command("redis-server", "--port", "0", "--unixsocket", filepath.Join(redis, "s"), "--dir", redis,
		"--save", "", "--appendonly", "yes", "--appendfsync", "always", "--maxmemory-policy", "noeviction")
	server.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	must(t, server.Start())
	t.Cleanup(func() { _ = server.Process.Kill(); _ = server.Wait() })
	for end := time.Now().Add(long); ; time.Sleep(10 * time.Millisecond) {
		if _, err := os.Stat(filepath.Join(redis, "s")); err == nil || time.Now().After(end) {
			must(t, err)
			break
		}
	}
	return newTownIn(t, dir, append(settings, "DISTROBOT_REDIS_URL=unix://"+filepath.Join(redis, "s"))...), disk
}

// TestWordPressFullDisk fills the disk of sites and platforms before and in the
// middle of an upgrade.
func TestWordPressFullDisk(t *testing.T) {
	w, disk := fullable(t)
	code := lamp.Code(t, lamp.WordPress)
	code.Tags = code.Tags[len(code.Tags)-2:]
	from, to := code.Tags[0], code.Tags[1]
	r := w.derive("wp", code, func(string) map[string][]byte { return nil })
	must(t, r.Vary(t.Context(), to, variant(0), latch))
	url, _ := w.forge(r)
	w.say("alice", "add wp --url "+url+" --self-approval yes --kind wordpress")
	w.build(from)
	w.build(variant(0))
	ballast := filepath.Join(disk, "ballast")
	for _, f := range []fault{
		{name: "full before", poise: func(*blogSite) { fillDisk(w, ballast) }, says: []string{"failed"}},
		{name: "full while updates run", says: []string{"failed", "old platform"}, during: func(s *blogSite) {
			s.awaitUpdate()
			fillDisk(w, ballast)
			must(t, os.WriteFile(s.door("door"), nil, 0o644))
		}},
	} {
		t.Run(f.name, func(t *testing.T) {
			w := w.within(t)
			f.settle = func() { must(t, os.Remove(ballast)) }
			w.suffer(f, strings.ReplaceAll(f.name, " ", "-")+".example", from, variant(0))
		})
	}
}

// TestWordPressFullDiskAnywhere fills the disk when a step of an upgrade begins,
// one after the other: the site ends wholly old or wholly new, is open, and the
// old database is as it was.
func TestWordPressFullDiskAnywhere(t *testing.T) {
	m := &mine{dir: t.TempDir()}
	w, disk := fullable(t, mineEnv+"="+m.dir)
	p := &proving{town: w, mine: m}
	code := lamp.Code(t, lamp.WordPress)
	code.Tags = code.Tags[len(code.Tags)-2:]
	p.from, p.to = code.Tags[0], code.Tags[1]
	r := w.derive("wp", code, func(string) map[string][]byte { return nil })
	url, publish := w.forge(r)
	publish(p.to)
	w.say("alice", "add wp --url "+url+" --self-approval yes --kind wordpress")
	w.build(p.from)
	w.build(p.to)
	s := w.newBlogSite("tight.example", "wp-"+p.from)
	old := s.database()
	before := s.sums(old)
	ballast := filepath.Join(disk, "ballast")
	for _, step := range strings.Fields("prepare hold drain copy update check switch release soak record") {
		m.full(w, step+" begun", ballast)
		after := p.order(move{command: "migrate " + s.host + " wp-" + p.to}, s.host)
		told := w.seeWith(func(m chat.Message) bool { return m.TS > after && m.Holds("Took ") }, s.host)
		must(t, os.Remove(ballast))
		moved := told.Holds("moved to")
		t.Logf("full when %s began: moved %t", step, moved)
		if moved {
			s.whole(p.to)
		} else {
			s.whole(p.from)
		}
		if now := s.sums(old); now != before {
			t.Fatalf("full when %s began: the old database has changed", step)
		}
		if moved {
			after := p.order(move{command: "rollback " + s.host}, s.host)
			w.seeWith(func(m chat.Message) bool { return m.TS > after && m.Holds("Took ", "rolled back") }, s.host)
			s.whole(p.from)
		}
		w.do("site unpin " + s.host)
	}
}
