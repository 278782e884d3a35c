package watcher_test

import (
	"strings"
	"testing"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

var byTags = fleet.Distribution{Name: "atrium", Track: fleet.Track{Tags: `\d+\.\d+\.\d+`}}
var byBranch = fleet.Distribution{Name: "atrium", Track: fleet.Track{Branch: "main"}}

// Three replicas poll; a new tag is announced once, and what follows amends it.
func TestNewTagIsAnnouncedOnce(t *testing.T) {
	s := newScene(t)
	s.repo.Tag("1.0.0", s.commit("main", "first"))
	s.track(byTags)
	s.run(s.poller(), s.poller(), s.poller())
	s.await("the first reading", func() bool { return s.cursor().Head.Version == "1.0.0" })

	s.commit("main", "a fix")
	s.repo.AnnotatedTag("1.1.0", s.commit("main", "another\u202e fix"), "release 1.1.0")
	s.await("the announcement", func() bool { _, ok := s.announcement(1); return ok })
	a, _ := s.announcement(1)
	if a.From.Version != "1.0.0" || a.To.Version != "1.1.0" || a.To.Hash == a.To.Commit || a.Total != 2 || a.State != fleet.NewsOpen {
		t.Errorf("%+v", a)
	}
	if got := subjects(a.Commits); got != "another fix, a fix" {
		t.Errorf("commits: %s", got)
	}

	s.repo.Tag("1.1.1", s.commit("main", "third"))
	s.await("the amended announcement", func() bool { a, _ := s.announcement(1); return a.To.Version == "1.1.1" })
	if a, _ = s.announcement(1); a.Moves != 2 || a.Total != 3 || len(a.Others) != 1 || a.Others[0] != "1.1.0" {
		t.Errorf("%+v", a)
	}
	s.awaitPolls(6)
	if got := strings.Join(s.notices(fleet.AboutNews), " "); got != "atrium/1 atrium/1" {
		t.Errorf("notices: %s", got)
	}
	if _, ok := s.announcement(2); ok {
		t.Error("a second announcement")
	}
}

func TestBranchMovesAndIsRewritten(t *testing.T) {
	s := newScene(t)
	first := s.commit("main", "first")
	s.track(byBranch)
	p := s.poller()
	s.poll(p)
	s.commit("main", "second")
	s.commit("main-too", "of another branch")
	s.poll(p)
	a, _ := s.announcement(1)
	if a.From.Commit != first || a.Total != 1 || a.Rewritten || subjects(a.Commits) != "second" {
		t.Errorf("%+v", a)
	}
	s.repo.Move("main", first)
	s.commit("main", "instead")
	s.poll(p)
	if a, _ = s.announcement(1); !a.Rewritten || a.Total != 1 || subjects(a.Commits) != "instead" {
		t.Errorf("the second, which people were told of, is gone: %+v", a)
	}
	s.repo.Move("main", s.commit("other", "no common history"))
	s.poll(p)
	if a, _ = s.announcement(1); !a.Rewritten || a.Moves != 3 {
		t.Errorf("%+v", a)
	}
}

func TestMovedTagRaisesAnAlarm(t *testing.T) {
	s := newScene(t)
	s.repo.Tag("1.0.0", s.commit("main", "first"))
	s.track(byTags)
	p := s.poller()
	s.poll(p)
	s.repo.Tag("1.0.0", s.commit("main", "second"))
	s.poll(p)
	s.poll(p)
	if got := s.notices(fleet.AboutAlarm); len(got) != 1 || len(s.notices(fleet.AboutNews)) != 0 {
		t.Errorf("alarms %v, news %v", got, s.notices(fleet.AboutNews))
	}
	s.repo.Delete("refs/tags/1.0.0")
	s.poll(p)
	if c := s.cursor(); c.Head.Version != "1.0.0" {
		t.Errorf("a deleted tag changed %+v", c.Head)
	}
}

// The server is away for some polls: people are told once, nothing is lost, and
// they are told when it is over.
func TestServerDownAndBack(t *testing.T) {
	s := newScene(t)
	s.repo.Tag("1.0.0", s.commit("main", "first"))
	s.track(byTags)
	s.run(s.poller(), s.poller())
	s.await("the first reading", func() bool { return s.cursor().Head.Version == "1.0.0" })
	s.down.Store(true)
	s.repo.Tag("1.1.0", s.commit("main", "second"))
	s.await("the alarm", func() bool { return len(s.notices(fleet.AboutAlarm)) == 1 })
	if c := s.cursor(); c.Failing == "" || c.Head.Version != "1.0.0" {
		t.Errorf("%+v", c)
	}
	s.down.Store(false)
	s.await("the announcement", func() bool { _, ok := s.announcement(1); return ok })
	if got := s.notices(fleet.AboutAlarm); len(got) != 2 || got[0] != got[1] {
		t.Errorf("alarms %v", got)
	}
	alarm := fleet.Alarm{ID: s.notices(fleet.AboutAlarm)[0]}
	if found, err := s.store.Read(t.Context(), &alarm); err != nil || !found[0] || !alarm.Over {
		t.Errorf("%+v, %v", alarm, err)
	}
}

// Policy build: auto orders the build by itself, also when the replica that
// announced it died before it could.
func TestBuildByItself(t *testing.T) {
	s := newScene(t)
	s.repo.Tag("1.0.0", s.commit("main", "first"))
	d := byTags
	d.Policy.Build = fleet.Automatic
	s.track(d)
	died := s.poller()
	died.Builder = nil
	s.poll(died)
	s.repo.Tag("1.1.0", s.commit("main", "second"))
	s.poll(died)
	if len(s.orders.of("1.1.0")) != 0 {
		t.Fatal("ordered already")
	}
	s.poll(s.poller())
	list := s.orders.of("1.1.0")
	if len(list) != 1 || list[0].News != "atrium/1" || !list[0].By.IsSystem() || list[0].Channel != "C1" || list[0].Ref.Commit == "" {
		t.Errorf("%+v", list)
	}
	if len(s.orders.of("1.0.0")) != 0 {
		t.Error("the first reading was built")
	}
	s.repo.Tag("1.1.0", s.commit("main", "moved")) // waits for a person
	s.orders.all = nil
	s.poll(s.poller())
	if got := s.orders.of("1.1.0"); len(got) != 0 {
		t.Errorf("a moved tag was built: %+v", got)
	}
}

// A fetch that fails costs the commit list, never the announcement.
func TestAnnouncementWithoutCommits(t *testing.T) {
	s := newScene(t)
	s.repo.Tag("1.0.0", s.commit("main", "first"))
	s.track(byTags)
	p := s.poller()
	p.History = brokenHistory{}
	s.poll(p)
	s.repo.Tag("1.1.0", s.commit("main", "second"))
	s.poll(p)
	if a, ok := s.announcement(1); !ok || a.Total != -1 || len(a.Commits) != 0 || a.To.Version != "1.1.0" {
		t.Errorf("%+v", a)
	}
}

// Two distributions of one URL are read by one request a turn.
func TestOnePollPerURL(t *testing.T) {
	s := newScene(t)
	s.repo.Tag("1.0.0", s.commit("main", "first"))
	s.track(byTags)
	s.track(fleet.Distribution{Name: "nightly", Track: fleet.Track{Branch: "main"}})
	p := s.poller()
	p.Interval = time.Hour
	s.server.Requests.Store(0)
	if n, err := p.Sweep(t.Context()); n != 1 || err != nil {
		t.Errorf("swept %d, %v", n, err)
	}
	if got := s.server.Requests.Load(); got != 2 { // the first contact asks for capabilities
		t.Errorf("%d requests", got)
	}
	nightly := fleet.Cursor{Distribution: "nightly"}
	if _, err := s.store.Read(t.Context(), &nightly); err != nil || nightly.Head.Short() != "main" || s.cursor().Head.Version != "1.0.0" {
		t.Errorf("%+v %+v %v", nightly.Head, s.cursor().Head, err)
	}
	if n, err := p.Sweep(t.Context()); n != 0 || err != nil {
		t.Errorf("swept %d again, %v", n, err)
	}
}

// The branch is gone: told after three polls, the cursor stays.
func TestBranchGone(t *testing.T) {
	s := newScene(t)
	s.commit("main", "first")
	s.track(byBranch)
	s.poll(s.poller())
	head := s.cursor().Head
	s.repo.Delete("refs/heads/main")
	s.run(s.poller())
	s.await("the alarm", func() bool { return len(s.notices(fleet.AboutAlarm)) == 1 })
	if c := s.cursor(); c.Head != head || !strings.Contains(c.Failing, "no branch main") {
		t.Errorf("%+v", c)
	}
}

// A distribution that is removed is not read any more, and its row goes.
func TestForgetsWhatNobodyTracks(t *testing.T) {
	s := newScene(t)
	s.commit("main", "first")
	s.track(byBranch)
	s.run(s.poller())
	s.await("the first reading", func() bool { return s.cursor().Head.Commit != "" })
	if err := (&fleet.Catalog{Store: s.store}).Remove(t.Context(), "atrium", fleet.Actor{}); err != nil {
		t.Fatal(err)
	}
	s.await("the row to go", func() bool {
		n, err := s.store.Count(t.Context(), fleet.PollsDue)
		return err == nil && n[0] == 0
	})
}
