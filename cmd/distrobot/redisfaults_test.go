package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/distrobot/distrobot/internal/chat"
	"github.com/distrobot/distrobot/internal/prove"
	"github.com/distrobot/distrobot/store/storetest"
)

// A redisFault is what happens to Redis while a site is moved. The step that
// runs then ends, no other begins as long as the journal cannot be written, and
// afterwards the move goes on to its end.
type redisFault struct {
	name  string
	short bool // tried for each change
	says  string
	begin func(s *storetest.Server) (end func())
	slow  bool // the journal can be written all the time
}

func redisFaults() []redisFault {
	const away = "Storage cannot be reached"
	return []redisFault{
		{name: "killed", short: true, says: away, begin: func(s *storetest.Server) func() { s.Kill(); return s.Restart }},
		{name: "stopped", says: away, begin: func(s *storetest.Server) func() {
			awake, begun := s.Freeze(), time.Now()
			return func() { time.Sleep(30*time.Second - time.Since(begun)); awake() } // as long as the fault shall last
		}},
		{name: "memory", short: true, says: "maxmemory", begin: func(s *storetest.Server) func() {
			s.Command("CONFIG SET maxmemory 1")
			return func() { s.Command("CONFIG SET maxmemory 0") }
		}},
		{name: "disk", says: "cannot write its file", begin: func(s *storetest.Server) func() {
			block := filepath.Join(s.Dir(), "blocked")
			_ = os.Remove(block)
			if err := os.MkdirAll(filepath.Join(block, "x"), 0o700); err != nil {
				panic(err)
			}
			s.Commands("BGSAVE")
			s.Info("rdb_last_bgsave_status:err")
			return func() {
				_ = os.RemoveAll(block)
				s.Commands("BGSAVE")
				s.Info("rdb_last_bgsave_status:ok")
			}
		}},
		{name: "replica", says: "is a replica", begin: func(s *storetest.Server) func() {
			s.Command("REPLICAOF 127.0.0.1 1")
			return func() { s.Command("REPLICAOF NO ONE") }
		}},
		{name: "password", says: "password", begin: func(s *storetest.Server) func() {
			s.Commands("CONFIG SET requirepass rotated", "CLIENT KILL TYPE normal", "CLIENT KILL TYPE pubsub")
			return func() { s.Commands("AUTH rotated", `CONFIG SET requirepass ""`) }
		}},
		{name: "slow", slow: true, begin: func(s *storetest.Server) func() {
			stop := make(chan struct{})
			var work sync.WaitGroup
			work.Go(func() {
				for {
					select {
					case <-stop:
						return
					default:
						s.Commands("DEBUG SLEEP 0.3")
					}
				}
			})
			return func() { close(stop); work.Wait() }
		}},
	}
}

// TestRedisFaults disturbs Redis in the middle of the moves of real sites, one
// after the other, and empties it at last.
func TestRedisFaults(t *testing.T) {
	server := storetest.Start(t, "--enable-debug-command", "local", "--dbfilename", "blocked", "--save", "3600 100000000")
	h := newHamlet(t, server.URL())
	h.found("spare.example")
	trials := 0
	for _, f := range redisFaults() {
		if !f.short && !thorough() {
			continue
		}
		t.Run(f.name, func(t *testing.T) { (&hamlet{town: h.town.within(t), sites: h.sites}).endures(f, server) })
		if t.Failed() {
			t.FailNow() // the others would wait for a Redis that may still be disturbed
		}
		trials++
	}
	h.open("spare.example") // nobody's press on it was taken for a vote
	h.press("alice", "Confirm", "spare.example", newPlatform)
	h.see("spare.example", "moved to")
	h.emptied(server)
	if thorough() { // the store's own tests fail over each time
		t.Run("failover", failedOver)
	}
	t.Attr(prove.TrialsKey, fmt.Sprint(trials+2))
}

// endures moves a site through a fault.
func (h *hamlet) endures(f redisFault, server *storetest.Server) {
	host := f.name + ".example"
	h.found(host)
	h.setOut(host)
	old, waits := h.live(host), strings.Count(h.log(), "the journal cannot be written")
	end := sync.OnceFunc(f.begin(server))
	h.Cleanup(end) // also after a failure, for those that follow
	if f.says != "" {
		before := h.private("U0ALICE")
		h.press("alice", "Confirm", "spare.example", newPlatform)
		h.told("U0ALICE", before, f.says)
	}
	h.open(host)
	if !f.slow {
		h.await("the work to wait for its journal", func() (bool, string) {
			text := h.log()
			return strings.Count(text, "the journal cannot be written") > waits+1, text
		})
		if now := h.live(host); now != old {
			h.Errorf("%s was switched to %s without a journal", host, now)
		}
	}
	end()
	h.see(host, "moved to")
	h.shows(host, "9.0.0")
	if h.live("spare.example") != "gen/1" {
		h.Errorf("a press that was refused moved the site")
	}
}

// emptied drops everything while a site is moved: it is open again as it was,
// nothing goes on, and people are told how everything comes back.
func (h *hamlet) emptied(server *storetest.Server) {
	host := "emptied.example"
	h.found(host)
	h.setOut(host)
	old := h.live(host)
	server.Command("FLUSHALL")
	bot := <-h.bots // it ends, and is started again as systemd does
	select {
	case <-bot.done:
	case <-time.After(long):
		h.bots <- bot
		h.Fatal("the bot goes on over an emptied Redis")
	}
	h.serve()
	h.see("Redis was emptied", `distrobot do "site adopt --all"`)
	h.shows(host, "1.1.0")
	h.open(host)
	h.shows("spare.example", "9.0.0")
	if now := h.live(host); now != old {
		h.Errorf("%s was switched to %s after its task was gone", host, now)
	}
	if out := h.do("tasks"); !strings.Contains(out, "no ") {
		h.Errorf("there are tasks:\n%s", out)
	}
}

// failedOver lets a Sentinel fail over to a replica that lacks the last
// writes, in the middle of a move: whoever was not sure of their approval was
// told so, and the move goes on to its end.
func failedOver(t *testing.T) {
	group := storetest.StartSentinel(t)
	h := newHamlet(t, group.URL())
	h.found("moved.example")
	h.found("spare.example")
	h.setOut("moved.example")
	promote := group.CutReplica()
	before := h.private("U0ALICE")
	h.press("alice", "Confirm", "spare.example", newPlatform)
	h.told("U0ALICE", before, "has not said in time")
	promote()
	h.open("moved.example")
	h.open("spare.example")
	h.see("moved.example", "moved to")
	h.shows("moved.example", "9.0.0")
	// The message of a lost approval shows again that nobody has confirmed; one
	// that came through is done.
	m := h.seeWith(func(m chat.Message) bool {
		_, asks := m.Button("Confirm")
		return asks || m.Holds("moved to")
	}, "spare.example", newPlatform)
	if !m.Holds("moved to") {
		h.press("alice", "Confirm", "spare.example", newPlatform)
		h.see("spare.example", "moved to")
	}
	h.shows("spare.example", "9.0.0")
	t.Attr(prove.TrialsKey, "1")
}
