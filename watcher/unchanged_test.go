package watcher_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/watcher"
)

// tagged fills the scene's repository with n annotated tags and follows them.
func (s *scene) tagged(n int) {
	s.Helper()
	for i := range n {
		s.repo.AnnotatedTag(fmt.Sprintf("1.0.%d", i), s.commit("main", fmt.Sprint("change ", i)), "plain")
	}
	s.track(fleet.Distribution{Name: "atrium", Track: fleet.Track{Tags: `1\.0\.\d+`}})
}

// turn lets the URL's turn come and be taken once.
func (s *scene) turn(p *watcher.Poller) {
	s.Helper()
	before := s.cursor()
	err := s.store.Update(s.Context(), fleet.Catalogue, func(tx fleet.Tx) error {
		row := fleet.Poll{URL: s.repo.URL}
		_, err := tx.Get(&row)
		if row.Next.After(tx.Now()) { // not yet first in line
			row.Next = tx.Now().Add(-time.Second)
		}
		tx.Put(&row)
		return err
	})
	if err != nil {
		s.Fatal(err)
	}
	if n, err := p.Sweep(s.Context()); n != 1 || err != nil {
		s.Fatalf("%d turns, %v; %+v", n, err, before)
	}
}

// gitRequests counts what one turn sends to git.
func (s *scene) gitRequests(g *githubAPI, p *watcher.Poller) (git int, api []string) {
	s.Helper()
	g.asked()
	before := s.server.Requests.Load()
	s.turn(p)
	api = g.asked()
	return int(s.server.Requests.Load()-before) - len(api), api
}

func (s *scene) conditional(f *watcher.Forges) *watcher.Poller {
	p := s.poller()
	p.Forges, p.Interval = f, time.Minute
	return p
}

// wantTurn checks what one turn sends.
func (s *scene) wantTurn(g *githubAPI, p *watcher.Poller, what string, git bool, api ...string) {
	s.Helper()
	requests, asked := s.gitRequests(g, p)
	if d := cmp.Diff(api, asked); d != "" || requests > 0 != git {
		s.Errorf("%s: %d requests to git; API:\n%s", what, requests, d)
	}
}

const matching = " git/matching-refs/tags/1.0."

// An unchanged repository costs one request to GitHub's API that is not counted,
// and nothing else. Whatever changes is read over git, and announced.
func TestConditionalRequests(t *testing.T) {
	s, g, f := withAPI(t)
	s.tagged(20)
	p := s.conditional(f)
	s.wantTurn(g, p, "first", true)
	s.wantTurn(g, p, "second: the API is asked, and compared with git", true, "200"+matching)
	left := g.left()
	for range 5 {
		s.wantTurn(g, p, "steady", false, "304"+matching)
	}
	if g.left() != left {
		t.Errorf("steady turns cost %d requests", left-g.left())
	}
	s.repo.AnnotatedTag("1.0.20", s.commit("main", "news"), "plain")
	s.wantTurn(g, p, "a new tag", true, "200"+matching, "404 releases/tags/1.0.20")
	if a, ok := s.announcement(1); !ok || a.To.Short() != "1.0.20" || a.To.Commit == a.To.Hash {
		t.Errorf("announced %+v", a)
	}
	s.wantTurn(g, p, "steady again", false, "304"+matching, "404 releases/tags/1.0.20")
	s.repo.Tag("1.0.7", s.commit("main", "moved"))
	s.wantTurn(g, p, "a moved tag", true, "200"+matching)
	if n := s.notices("alarm"); len(n) != 1 {
		t.Errorf("alarms %v", n)
	}
	s.repo.Delete("refs/tags/1.0.20")
	s.wantTurn(g, p, "a deleted tag", true, "200"+matching)
	s.wantTurn(g, p, "what is older is no news, so nothing more is asked", false, "304"+matching)
	if err := p.Poll(t.Context(), "atrium"); err != nil || len(g.asked()) > 1 {
		t.Errorf("asked by a person, git is read: %v", err)
	}
}

// GitHub's API may lag behind git. What it then calls unmodified must not hide
// what it shows a moment later.
func TestConditionalRequestsOfALaggingAPI(t *testing.T) {
	s, g, f := withAPI(t)
	s.tagged(20)
	p := s.conditional(f)
	s.turn(p)
	s.turn(p)
	g.freeze()
	s.repo.Tag("1.0.20", s.commit("main", "news"))
	s.wantTurn(g, p, "the API lags", false, "304"+matching) // later by a turn, not lost
	s.hint(p)
	s.wantTurn(g, p, "a webhook is not put off by it", true, "404 releases/tags/1.0.20")
	if a, ok := s.announcement(1); !ok || a.To.Short() != "1.0.20" {
		t.Fatalf("announced %+v", a)
	}
	s.repo.Tag("1.0.21", s.commit("main", "more news"))
	s.wantTurn(g, p, "compared, it tells otherwise", true, "200"+matching, "404 releases/tags/1.0.21")
	s.repo.Tag("1.0.22", s.commit("main", "even more"))
	s.wantTurn(g, p, "so it is not believed", true, "200"+matching, "404 releases/tags/1.0.22")
	s.wantTurn(g, p, "three doubts", true, "200"+matching, "404 releases/tags/1.0.22")
	g.change(func() { g.frozen = nil })
	s.wantTurn(g, p, "left to git", true)
	if a, _ := s.announcement(1); a.To.Short() != "1.0.22" || a.Moves != 3 {
		t.Errorf("announced %+v", a)
	}
}

// hint puts the repository first in line, as a webhook does.
func (s *scene) hint(p *watcher.Poller) {
	s.Helper()
	if got, err := p.Hint(s.Context(), watcher.Hint{IDs: []string{fmt.Sprint(time.Now().UnixNano())}, URLs: []string{s.repo.URL}}); got != watcher.HintTaken || err != nil {
		s.Fatalf("%v, %v", got, err)
	}
}

// A budget that runs low, a rest that is asked for, a token that is refused and
// answers in pages leave everything to git; nothing is sent against them.
func TestBudgetOfTheAPI(t *testing.T) {
	cases := []struct {
		name string
		with func(*githubAPI)
		last []string // what the turn sends that finds out
	}{
		{"a fifth is left for others", func(g *githubAPI) { g.remaining = 1000 }, []string{"304" + matching}},
		{"spent", func(g *githubAPI) { g.remaining = 0 }, []string{"403" + matching}},
		{"second limit", func(g *githubAPI) { g.abuse = time.Minute }, []string{"403" + matching}},
		{"a refused token", func(g *githubAPI) { g.token = "another" }, []string{"401" + matching}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s, g, f := withAPI(t)
			s.tagged(20)
			p := s.conditional(f)
			s.turn(p)
			s.turn(p)
			g.change(func() { c.with(g) })
			_, asked := s.gitRequests(g, p)
			if d := cmp.Diff(c.last, asked); d != "" {
				t.Error(d)
			}
			for range 3 {
				s.wantTurn(g, p, "afterwards", true)
			}
			if fails := s.cursor().Fails; fails != 0 {
				t.Errorf("the repository counts as failing: %d", fails)
			}
		})
	}
}

// Few refs are read over git, which is cheaper, and so is what no token is there
// for; answers that are not whole are believed never.
func TestWhereTheAPISavesNothing(t *testing.T) {
	t.Run("few refs", func(t *testing.T) {
		s, g, f := withAPI(t)
		s.tagged(5)
		p := s.conditional(f)
		for range 3 {
			s.wantTurn(g, p, "few refs", true)
		}
	})
	t.Run("no token", func(t *testing.T) {
		s, g, f := withAPI(t)
		f.Credential = nil
		s.tagged(20)
		p := s.conditional(f)
		for range 3 {
			s.wantTurn(g, p, "no token", true)
		}
	})
	t.Run("pages", func(t *testing.T) {
		s, g, f := withAPI(t)
		g.paged = true
		s.tagged(20)
		p := s.conditional(f)
		s.turn(p)
		s.wantTurn(g, p, "in pages", true, "200"+matching)
		for range 3 {
			s.wantTurn(g, p, "not asked again", true)
		}
	})
}

func TestParseForges(t *testing.T) {
	got, err := watcher.ParseForges([]string{"git.example.org=GitLab", " ", "code.example.org:8443=forgejo", "ghe.example.org=github"})
	if d := cmp.Diff(map[string]string{"git.example.org": "gitlab", "code.example.org:8443": "gitea", "ghe.example.org": "github"}, got); d != "" || err != nil {
		t.Errorf("%v, %s", err, d)
	}
	for _, bad := range []string{"git.example.org", "=gitlab", "git.example.org=svn", "https://git.example.org=gitlab", "a@b=gitlab"} {
		if _, err := watcher.ParseForges([]string{bad}); err == nil || !strings.Contains(err.Error(), "entry 1") {
			t.Errorf("%s: %v", bad, err)
		}
	}
}
