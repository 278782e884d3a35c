package main

import (
	"fmt"
	"regexp"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// cmdStorms: storms TITLE URI REGEXP kills the program "bot" with -9 again and
// again while the plan of that title runs, each time a little later after it was
// started, until the plan's message tells its end. Whenever the program lives,
// the site shows what matches, whole, or is held with 503.
func cmdStorms(ts *testscript.TestScript, _ bool, args []string) {
	// A program that has just said that it is ready may not listen for sites yet.
	whole := regexp.MustCompile(`(?s)^(200 OK\n.*(` + args[2] + `)|503 )|connection refused$`)
	kills, over := 0, false
	for delay := 100 * time.Millisecond; ; delay += 250 * time.Millisecond {
		over = planOver(ts, args[0], time.After(delay), func() {
			if body := siteBody(ts, args[1]); !whole.MatchString(body) {
				ts.Fatalf("after %d kills %s is neither old nor new nor held:\n%s", kills, args[1], body)
			}
		})
		if over {
			break
		}
		cmdStop(ts, false, []string{"-9", "bot"})
		kills++
		cmdStart(ts, false, []string{"bot", "serve"})
	}
	if kills < 3 {
		ts.Fatalf("the plan was over after %d kills, which shows nothing", kills)
	}
	ts.Logf("killed %d times", kills)
}

// planOver looks until the message of a plan tells its end, or until time is up.
func planOver(ts *testscript.TestScript, title string, up <-chan time.Time, look func()) bool {
	for {
		s, err := theChat(ts).State()
		ts.Check(err)
		if _, ended := s.Find("#sites", title, "Took "); ended {
			return true
		}
		select {
		case <-up:
			return false
		case <-time.After(10 * time.Millisecond):
			look()
		}
	}
}

// cmdEndRedis: endredis kills the redis-server that the program "bot" has
// started for itself, as the kernel does when memory is short.
func cmdEndRedis(ts *testscript.TestScript, _ bool, _ []string) {
	p := ts.Value(procsKey{}).(procs)["bot"]
	for _, pid := range children(p.cmd.Process.Pid) {
		if comm := commandOf(pid); comm == "redis-server" {
			ts.Check(kill(pid))
			return
		}
	}
	ts.Fatalf("the bot has no redis-server: %v", fmt.Sprint(children(p.cmd.Process.Pid)))
}
