package main

import (
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/distrobot/distrobot/cmd/distrobot/sample"
	"github.com/distrobot/distrobot/internal/chat"
	"github.com/distrobot/distrobot/internal/mirror"
)

// A hamlet is a machine with sites of the sample application and nothing else:
// the bot with its worker, a workspace to talk to it, and a Redis of the test's.
type hamlet struct {
	*town
	sites string // where they are served, by Host header
}

// The platforms of a hamlet. Updates to the second wait until a door is open.
const (
	oldPlatform = "atrium-1.1.0"
	newPlatform = "atrium-9.0.0"
)

// newHamlet starts it on a Redis and builds the platforms.
func newHamlet(t *testing.T, redis string, settings ...string) *hamlet {
	t.Helper()
	dir, err := os.MkdirTemp("", "hamlet")
	must(t, err)
	t.Cleanup(func() { removeAll(t, dir) })
	must(t, os.Chmod(dir, 0o755))
	h := &hamlet{town: &town{T: t, all: t, dir: dir, bots: make(chan *proc, 1)}, sites: fmt.Sprintf("127.0.0.1:%d", freePort(t))}
	h.env = append(os.Environ(),
		"DISTROBOT_REDIS_URL="+redis, "DISTROBOT_KEY=0123456789abcdef0123456789abcdef", "DISTROBOT_DATA="+h.data(), "DISTROBOT_LOG_LEVEL=info",
		"DISTROBOT_ADMINS=U0ALICE", "DISTROBOT_MAINTAINERS=U0BOB", "DISTROBOT_CHANNEL=#sites", "DISTROBOT_ALLOW_PRIVATE=true",
		"DISTROBOT_POLL_INTERVAL=1h", "DISTROBOT_SOAK=1s", "DISTROBOT_LEASE="+lease.String(), "DISTROBOT_GRACE=3s", "DISTROBOT_CHECK_RETRY=2s",
		fmt.Sprintf("DISTROBOT_LISTEN=127.0.0.1:%d", freePort(t)), "DISTROBOT_SITES_LISTEN="+h.sites)
	h.env = append(h.env, settings...)
	slack := h.start(`(?m)^SLACK_APP_TOKEN=.+\n`, "workspace", "--listen", "127.0.0.1:0")
	h.chat, err = chat.New(regexp.MustCompile(`Workspace: (\S+)`).FindStringSubmatch(slack.out.String())[1])
	must(t, err)
	h.env = append(h.env, regexp.MustCompile(`(?m)^SLACK_[A-Z_]+=.*$`).FindAllString(slack.out.String(), -1)...)
	h.serve()
	forge := filepath.Join(dir, "forge")
	must(t, sample.Make(t.Context(), filepath.Join(forge, sample.Repository)))
	must(t, addLatched(filepath.Join(dir, "latched"), filepath.Join(forge, sample.Repository)))
	backend, err := mirror.HTTPBackend(forge)
	must(t, err)
	server := httptest.NewServer(backend)
	t.Cleanup(server.Close)
	h.say("alice", "add atrium --url "+server.URL+"/"+sample.Repository+` --tags 1\.1\.0 --self-approval yes`)
	h.see(oldPlatform, "ready")
	h.say("alice", "build atrium 9.0.0")
	h.see(newPlatform, "ready")
	return h
}

// addLatched adds the release 9.0.0 to a repository, by way of a clone in tree: its
// update waits at a door.
func addLatched(tree, repository string) error {
	git := func(args ...string) error {
		cmd := exec.Command("git", args...)
		cmd.Env = append(os.Environ(), "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_AUTHOR_NAME=Ines", "GIT_AUTHOR_EMAIL=ines@atrium.example",
			"GIT_COMMITTER_NAME=Ines", "GIT_COMMITTER_EMAIL=ines@atrium.example")
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("git %q: %w\n%s", args, err, out)
		}
		return nil
	}
	change := func(name, old, now string) error {
		text, err := os.ReadFile(filepath.Join(tree, name))
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(tree, name), []byte(strings.ReplaceAll(string(text), old, now)), 0o644)
	}
	for _, step := range []func() error{
		func() error { return git("clone", "-q", repository, tree) },
		func() error { return change("web/index.html", "1.1.0", "9.0.0") },
		func() error {
			return change("distrobot.yml", "timeout: 1m", `timeout: 10m
update:
  - [sh, -c, "touch web/files/waits; until [ -e web/files/door ]; do sleep 0.05; done"]`)
		},
		func() error { return git("-C", tree, "commit", "-q", "-am", "Wait at the door") },
		func() error { return git("-C", tree, "tag", "9.0.0") },
		func() error { return git("-C", tree, "push", "-q", "origin", "9.0.0") },
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// found makes a site on the old platform and a plan to move it, which waits to
// be confirmed.
func (h *hamlet) found(host string) {
	h.Helper()
	h.say("alice", "site create "+host+" "+oldPlatform)
	h.see("Create site "+host, "Done in")
	h.say("alice", "migrate "+host+" "+newPlatform)
	h.seeWith(func(m chat.Message) bool { _, is := m.Button("Confirm"); return is }, host, newPlatform)
}

// setOut confirms the plan of a site and waits until its update is at the door.
func (h *hamlet) setOut(host string) {
	h.Helper()
	h.press("alice", "Confirm", host, newPlatform)
	h.await(host+" to be at the door", func() (bool, string) {
		_, err := os.Stat(h.door(host, "waits"))
		return err == nil, fmt.Sprint(err)
	})
}

func (h *hamlet) door(host, name string) string {
	return h.data("sites", host, "shared", "web", "files", name)
}

// open lets the update of a site go on.
func (h *hamlet) open(host string) {
	h.Helper()
	must(h.T, os.WriteFile(h.door(host, "door"), nil, 0o644))
}

// shows waits until visitors get a version of a site.
func (h *hamlet) shows(host, version string) {
	h.Helper()
	h.await(host+" to show "+version, func() (bool, string) {
		body := fetch("http://"+h.sites+"/", host)
		return strings.HasPrefix(body, "200 ") && strings.Contains(body, version), body
	})
}

// live is the generation that visitors of a site get, or would get.
func (h *hamlet) live(host string) string {
	h.Helper()
	to, err := os.Readlink(h.data("sites", host, "live"))
	must(h.T, err)
	return to
}

// log is what the bot has said.
func (h *hamlet) log() string {
	bot := <-h.bots
	h.bots <- bot
	return bot.out.String()
}

// told waits until somebody is told something in private.
func (h *hamlet) told(user string, before int, words ...string) {
	h.Helper()
	must(h.T, h.chat.Await(long, func(s chat.State) (bool, string) {
		text := fmt.Sprint(s.Ephemerals[user][before:])
		for _, w := range words {
			if !strings.Contains(text, w) {
				return false, fmt.Sprintf("%s was not told %q: %s", user, w, text)
			}
		}
		return true, ""
	}))
}

// private counts what somebody was told in private.
func (h *hamlet) private(user string) int {
	h.Helper()
	s, err := h.chat.State()
	must(h.T, err)
	return len(s.Ephemerals[user])
}
