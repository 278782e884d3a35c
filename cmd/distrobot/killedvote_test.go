package main

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/distrobot/distrobot/internal/chat"
	"github.com/distrobot/distrobot/store/storetest"
)

// TestKilledVote kills the bot with -9 after a vote was recorded and before the
// press is acknowledged, and after it is acknowledged and before anything follows.
// The vote counts, once, whatever Slack delivers again and people press again, and
// they are told the truth.
func TestKilledVote(t *testing.T) {
	m := &mine{dir: t.TempDir()}
	h := newHamlet(t, storetest.Start(t, "--appendonly", "yes", "--appendfsync", "always").URL(), mineEnv+"="+m.dir)
	for _, host := range []string{"recorded.example", "acked.example"} {
		h.found(host)
		on := h.seeWith(func(m chat.Message) bool { _, is := m.Button("Confirm"); return is }, host, newPlatform)
		confirm, _ := on.Button("Confirm")
		if host == "recorded.example" {
			m.arm(h.town, voteRecorded)
		}
		var press chat.Answer
		h.await("the press to be delivered", func() (bool, string) { // the bot may just have been started
			var err error
			press, err = h.chat.Click("alice", "#sites", on.TS, confirm)
			must(t, err)
			return press.Error != "dispatch_failed", press.Error
		})
		if host == "recorded.example" {
			if press.Error == "" {
				t.Error("the press was acknowledged by a bot that was killed before")
			}
			h.died()
		} else {
			h.kill()
		}
		before := h.private("U0ALICE")
		h.serve()
		h.await(host+" to be moved by the vote that was recorded", func() (bool, string) { return doorExists(h.door(host, "waits")), h.log() })
		// Slack delivers the press once more, and alice presses again on a screen that has
		// not caught up.
		must(t, h.chat.Call("POST", "/workspace/fault", map[string]any{"kind": "redeliver", "count": 1}, nil))
		h.reach("press again", func() (chat.Answer, error) { return h.chat.ClickWorn("alice", "#sites", on.TS, confirm) })
		h.told("U0ALICE", before, "onfirmed", "alice")
		h.open(host)
		h.see(host, "moved to")
		h.shows(host, "9.0.0")
		plan, _, _ := strings.Cut(confirm.Value, "|")
		record := h.do("audit --plan " + plan + " --what plan.confirmed")
		if n := strings.Count(record, "plan.confirmed"); n != 1 {
			t.Errorf("%s was confirmed %d times by the record:\n%s", host, n, record)
		}
	}
}

// died waits until the bot is dead.
func (h *hamlet) died() {
	h.Helper()
	bot := <-h.bots
	select {
	case <-bot.done:
	case <-time.After(long):
		h.bots <- bot
		h.Fatal("the bot did not come to the boundary")
	}
}

func doorExists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
