package main

import (
	"fmt"
	"testing"
	"time"

	"github.com/distrobot/distrobot/internal/chat"
	"github.com/distrobot/distrobot/internal/prove"
	"github.com/distrobot/distrobot/store/storetest"
)

// TestClockJump sets the clock of Redis on and back by an hour while real sites
// are moved: each is moved once, none is lost, a worker that dies just then is
// replaced at once, and what has expired stays expired.
func TestClockJump(t *testing.T) {
	server := storetest.StartClocked(t)
	h := newHamlet(t, server.URL())
	h.found("late.example")
	shown := h.seeWith(func(m chat.Message) bool { _, is := m.Button("Confirm"); return is }, "late.example", newPlatform)
	confirm, _ := shown.Button("Confirm")

	jumps := []struct {
		host string
		by   time.Duration
		dies bool // the bot with its worker, just then
	}{{"on-dead.example", time.Hour, true}, {"back-dead.example", -time.Hour, true}, {"on.example", time.Hour, false}, {"back.example", -time.Hour, false}}
	if !thorough() {
		jumps = jumps[:2]
	}
	for _, j := range jumps {
		h.found(j.host)
		h.setOut(j.host)
		server.Jump(j.by)
		if j.dies {
			h.kill()
		}
		h.open(j.host)
		if j.dies {
			h.serve()
		}
		h.see(j.host, "moved to")
		h.shows(j.host, "9.0.0")
		if live := h.live(j.host); live != "gen/2" {
			t.Errorf("%s is at %s, so it was not moved once", j.host, live)
		}
	}

	for _, by := range []time.Duration{25 * time.Hour, -25 * time.Hour} {
		server.Jump(by)
		before := h.private("U0ALICE")
		_, err := h.chat.ClickWorn("alice", "#sites", shown.TS, confirm)
		must(t, err)
		h.told("U0ALICE", before, "expired")
	}
	if live := h.live("late.example"); live != "gen/1" {
		t.Errorf("an expired plan moved its site: %s", live)
	}
	t.Attr(prove.TrialsKey, fmt.Sprint(len(jumps)+2))
}
