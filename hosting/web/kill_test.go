package web_test

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting/web"
)

// A victim is what the test process tells a child that is going to be killed.
type victim struct {
	Dir, Templates string
	Listen         []string
	Nginx, FPM     web.Server
	Sites          []web.Served
}

const victimEnv = "DISTROBOT_TEST_VICTIM"

func TestMain(m *testing.M) {
	if text := os.Getenv(victimEnv); text != "" {
		os.Exit(victimMain(text))
	}
	os.Exit(m.Run())
}

// victimMain puts sites until it is killed by one of its command lines.
func victimMain(text string) int {
	var v victim
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		return 2
	}
	f := &web.Front{Dir: v.Dir, Templates: v.Templates, Listen: v.Listen, Nginx: v.Nginx, FPM: v.FPM, Wait: 10 * time.Second}
	for _, s := range v.Sites {
		if f.Put(context.Background(), s) != nil {
			return 1
		}
	}
	return 0
}

// The worker is killed at each point of a change: before the tests, between
// them, before and after each reload. The next worker ends up with the site
// served, and the other site never stops answering.
func TestKilledAtEachPoint(t *testing.T) {
	kill := []string{"/bin/sh", "-c", "kill -9 $PPID; sleep 10"}
	after := func(argv []string) []string {
		return []string{"/bin/sh", "-c", strings.Join(argv, " ") + "; kill -9 $PPID; sleep 10"}
	}
	for name, spoil := range map[string]func(v *victim){
		"before the test of pools":   func(v *victim) { v.FPM.Test = kill },
		"after the test of pools":    func(v *victim) { v.FPM.Test = after(v.FPM.Test) },
		"after the test of nginx":    func(v *victim) { v.Nginx.Test = after(v.Nginx.Test) },
		"after the reload of pools":  func(v *victim) { v.FPM.Reload = after(v.FPM.Reload) },
		"before the reload of nginx": func(v *victim) { v.Nginx.Reload = kill },
		"after the reload of nginx":  func(v *victim) { v.Nginx.Reload = after(v.Nginx.Reload) },
	} {
		t.Run(name, func(t *testing.T) {
			w := start(t)
			w.put(w.site("b.example", version))
			s := w.site(shop, version)
			v := victim{Dir: w.front.Dir, Templates: w.front.Templates, Listen: w.front.Listen, Nginx: w.front.Nginx, FPM: w.front.FPM, Sites: []web.Served{s}}
			spoil(&v)
			w.perish(v)
			w.want("b.example/", 200, "front one")
			w.front = w.newFront()
			w.put(s)
			w.want(string(shop)+"/", 200, "front one")
			w.want("b.example/", 200, "front one")
			if all := w.front.Problems(t.Context()); len(all) > 0 {
				t.Errorf("problems: %q", all)
			}
			must(t, w.front.Drop(t.Context(), shop))
			w.want(string(shop)+"/", 404, "")
		})
	}
}

// perish runs a child until it is killed.
func (w *world) perish(v victim) {
	w.t.Helper()
	text, err := json.Marshal(v)
	must(w.t, err)
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), victimEnv+"="+string(text))
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	err = cmd.Run()
	if st, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || st.Signal() != syscall.SIGKILL {
		w.t.Fatalf("the child was not killed: %v", err)
	}
}

// Two processes change sites at once: none loses its change.
func TestTwoProcesses(t *testing.T) {
	w := start(t)
	var mine, theirs []web.Served
	for _, uri := range []fleet.URI{"a1.example", "a2.example", "a3.example", "a4.example"} {
		mine = append(mine, w.plain(uri))
		theirs = append(theirs, w.plain("b"+uri))
	}
	v := victim{Dir: w.front.Dir, Templates: w.front.Templates, Listen: w.front.Listen, Nginx: w.front.Nginx, FPM: w.front.FPM, Sites: theirs}
	text, err := json.Marshal(v)
	must(t, err)
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), victimEnv+"="+string(text))
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	must(t, cmd.Start())
	for _, s := range mine {
		w.put(s)
	}
	must(t, cmd.Wait())
	for _, s := range append(mine, theirs...) {
		must(t, os.MkdirAll(s.Dir+"/gen/1/www", 0o755))
		must(t, os.WriteFile(s.Dir+"/gen/1/www/x.txt", []byte("of "+string(s.URI)), 0o644))
		must(t, os.Symlink("gen/1", s.Dir+"/live"))
		w.want(string(s.URI)+"/x.txt", 200, "of "+string(s.URI))
	}
}
