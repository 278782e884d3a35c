package main

import (
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/distrobot/distrobot/internal/chat"
	"github.com/distrobot/distrobot/internal/lamp"
)

// A proving is a town with three platforms of WordPress: the one that sites are
// on, a newer one, and one whose update ruins the data and fails.
type proving struct {
	*town
	mine          *mine
	from, to, bad string
}

// thorough reports whether a test shall try all it can.
func thorough() bool { return os.Getenv("DISTROBOT_TEST_THOROUGH") != "" }

// TestWordPressProofs tries what `make prove` counts, on real sites: a few cases
// for each change, all of them for a thorough run, which has several towns, since
// a bot that was killed has to wait for the leases of the one before.
func TestWordPressProofs(t *testing.T) {
	p, shards := newProving(t), 1
	if thorough() {
		shards = 3
	}
	t.Run("killed", func(t *testing.T) {
		for shard := range shards {
			t.Run(fmt.Sprint(shard), func(t *testing.T) {
				t.Parallel()
				mine := p
				if shard > 0 {
					mine = newProving(t)
				}
				mine.within(t).killedAtBoundaries(shard, shards)
			})
		}
	})
	t.Run("writers", func(t *testing.T) { p.within(t).writeThrough() })
}

func newProving(t *testing.T) *proving {
	t.Helper()
	code := lamp.Code(t, lamp.WordPress)
	m := &mine{dir: t.TempDir()}
	p := &proving{town: newTown(t, mineEnv+"="+m.dir), mine: m, bad: variant(0)}
	code.Tags = code.Tags[len(code.Tags)-2:]
	p.from, p.to = code.Tags[0], code.Tags[1]
	r := p.derive("wp", code, func(string) map[string][]byte { return nil })
	must(t, r.Vary(t.Context(), p.to, p.bad, faultyWordPress(p.town, r, p.to)[0].files))
	url, publish := p.forge(r)
	publish(p.to)
	p.say("alice", "add wp --url "+url+" --self-approval yes --kind wordpress")
	for _, tag := range []string{p.from, p.to, p.bad} {
		p.build(tag)
	}
	return p
}

func (p *proving) within(t *testing.T) *proving {
	part := *p
	part.town = p.town.within(t)
	return &part
}

// A move is what is done with a site of the old platform or of the new one.
type move struct {
	name    string
	command string   // what is typed and then confirmed
	says    []string // how it ends
	on      string   // the version that the site has then
	shows   string   // the versions that visitors may see meanwhile
	short   string   // the boundary that is tried for each change
}

func (p *proving) moves(host string) []move {
	return []move{
		{name: "failing upgrade", command: "migrate " + host + " wp-" + p.bad, says: []string{"failed", "old platform"}, on: p.from, shows: p.from, short: "update acted"},
		{name: "upgrade", command: "migrate " + host + " wp-" + p.to, says: []string{"moved to"}, on: p.to, shows: p.from + " " + p.to, short: "switch acted"},
		{name: "rollback", command: "rollback " + host, says: []string{"rolled back to"}, on: p.from, shows: p.from + " " + p.to, short: "take acted"},
	}
}

// order types a move's command and confirms it; it returns the moment before. A
// press may kill the bot before it is answered.
func (p *proving) order(m move, host string) (after string) {
	p.Helper()
	s, err := p.chat.State()
	must(p.T, err)
	if newest, ok := s.Find("#sites", ""); ok {
		after = newest.TS
	}
	p.say("alice", m.command)
	confirm := chat.Button{}
	on := p.seeWith(func(m chat.Message) (is bool) { confirm, is = m.Button("Confirm"); return is && m.TS > after }, host)
	bot := <-p.bots
	p.bots <- bot
	p.await("press Confirm", func() (bool, string) {
		a, err := p.chat.Click("alice", "#sites", on.TS, confirm)
		select {
		case <-bot.done:
			return true, ""
		default:
			must(p.T, err)
			return a.Error == "", a.Error
		}
	})
	return after
}

// ended waits until people are told how a move ended, and wants it to be so.
func (p *proving) ended(m move, host, after string) {
	p.Helper()
	told := p.seeWith(func(m chat.Message) bool { return m.TS > after && m.Holds("Took ") }, host)
	if !told.Holds(m.says...) {
		p.Errorf("people are told %q, want %q", told.Words(), m.says)
	}
}

// dies waits until the bot is dead, looks at what visitors get meanwhile, and
// starts it again.
func (p *proving) dies(m move, s *blogSite) {
	p.Helper()
	bot := <-p.bots
	select {
	case <-bot.done:
	case <-time.After(long):
		p.bots <- bot
		p.Fatalf("the %s did not come to the boundary", m.name)
	}
	page, err := lamp.NewVisitor(p.web, s.host).Get(p.Context(), "/")
	whole := slices.ContainsFunc(strings.Fields(m.shows), func(version string) bool {
		return page.Status == http.StatusOK && strings.Contains(page.Body, `content="WordPress `+version+`"`) && strings.Contains(page.Body, "</html>")
	})
	if !whole && page.Status != http.StatusServiceUnavailable {
		p.Errorf("in the %s, without a bot, visitors get status %d with %d bytes (%v)", m.name, page.Status, len(page.Body), err)
	}
	p.serve()
}

// killedAtBoundaries kills the bot at the boundaries of every move of a site and
// starts it again: the site ends wholly old or wholly new, and the old database
// is never touched. A shard tries one boundary out of so many shards.
func (p *proving) killedAtBoundaries(shard, shards int) {
	s := p.newBlogSite("mined.example", "wp-"+p.from)
	s.whole(p.from)
	old := s.database()
	before := s.sums(old)
	moves := p.moves(s.host)
	points := make([][]string, len(moves))
	for i, m := range moves {
		points[i] = []string{m.short}
		if thorough() { // a run without a kill shows where there is one
			p.goes(m, s, "", old, before)
			points[i] = p.mine.boundaries(p.town)
		}
	}
	trials, rounds := 0, max(len(points[0]), len(points[1]), len(points[2]))
	for round := shard; round < rounds; round += shards {
		for i, m := range moves {
			point := ""
			if round < len(points[i]) {
				point = points[i][round]
				trials++
			}
			if point == "" && i == 0 {
				continue // a failing upgrade changes nothing for the others
			}
			if p.goes(m, s, point, old, before); p.Failed() {
				p.Fatalf("it was a kill in the %s, %q", m.name, point)
			}
		}
	}
	if shard == 0 {
		p.Logf("boundaries: %q", points)
	}
	p.Attr("trials", fmt.Sprint(trials))
}

// goes makes one move and kills the bot at a boundary of it, "" for not at all.
func (p *proving) goes(m move, s *blogSite, point, old, before string) {
	p.Helper()
	if point != "" {
		p.mine.arm(p.town, point)
	}
	after := p.order(m, s.host)
	if point != "" {
		p.dies(m, s)
	}
	p.ended(m, s.host, after)
	if now := s.database(); now == old != (m.on == p.from) {
		p.Errorf("the site has database %s, and %s before, on %s", now, old, m.on)
	}
	if now := s.sums(old); now != before {
		p.Errorf("the old database has changed from\n%s\nto\n%s", before, now)
	}
	part := *s
	part.town = p.town
	part.whole(m.on)
	if m.on == p.from {
		p.do("site unpin " + s.host)
	}
}
