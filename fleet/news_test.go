package fleet_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/fleet/fleettest"
)

// A newsroom is a distribution that tracks something, and what was said of it.
type newsroom struct {
	*testing.T
	store *fleettest.Memory
	news  fleet.News
}

func newNewsroom(t *testing.T, track fleet.Track) *newsroom {
	m := fleettest.New()
	r := &newsroom{T: t, store: m, news: fleet.News{Store: m}}
	r.change(func(d *fleet.Distribution) {
		*d = fleet.Distribution{Name: "Atrium", URL: "https://github.com/example/atrium.git", Track: track,
			Policy: fleet.Policy{Channel: "C1"}, Rules: 1}
	})
	return r
}

func (r *newsroom) change(edit func(*fleet.Distribution)) {
	r.Helper()
	r.must(r.store.Update(context.Background(), fleet.Catalogue, func(tx fleet.Tx) error {
		d := fleet.Distribution{Name: "Atrium"}
		if _, err := tx.Get(&d); err != nil {
			return err
		}
		edit(&d)
		tx.Put(&d)
		return nil
	}))
}

func (r *newsroom) must(err error) {
	r.Helper()
	if err != nil {
		r.Fatal(err)
	}
}

// tags makes a head of "name@commit …", the first being the best.
func tagHead(list string) fleet.Head {
	h := fleet.Head{Distribution: "atrium", Rules: 1, Total: -1, Tags: map[string]string{}}
	for i, one := range strings.Fields(list) {
		name, commit, _ := strings.Cut(one, "@")
		h.Tags[name] = commit
		if i == 0 {
			h.Ref = tagRef(name, commit)
		}
	}
	return h
}

func tagRef(name, commit string) fleet.Ref {
	return fleet.Ref{Name: "refs/tags/" + name, Version: name, Hash: commit, Commit: commit}
}

func branchHead(commit string) fleet.Head {
	return fleet.Head{Distribution: "Atrium", Rules: 1, Total: -1, Ref: fleet.Ref{Name: "refs/heads/main", Hash: commit, Commit: commit}}
}

func (r *newsroom) hear(h fleet.Head) bool {
	r.Helper()
	moved, err := r.news.Heard(context.Background(), h)
	r.must(err)
	return moved
}

// said gives the notices since the last call, as "kind:id" or "kind:id edit".
func (r *newsroom) said() []string {
	r.Helper()
	var out []string
	for _, e := range r.effects() {
		if e.Notice == nil {
			continue
		}
		s := string(e.Notice.Subject)
		if e.Notice.Edit {
			s += " edit"
		} else if e.Notice.Channel != "C1" {
			r.Errorf("notice for channel %q", e.Notice.Channel)
		}
		out = append(out, s)
	}
	return out
}

func (r *newsroom) effects() (out []fleet.Effect) {
	r.Helper()
	all, err := r.store.Pending(context.Background(), fleet.Catalogue, 1000)
	r.must(err)
	for _, e := range all {
		r.must(r.store.Ack(context.Background(), fleet.Catalogue, e.ID))
		out = append(out, e.Effect)
	}
	return out
}

func (r *newsroom) announcement(id string) fleet.Announcement {
	r.Helper()
	a := fleet.Announcement{ID: id}
	r.must(fleet.One(context.Background(), r.store, &a, "announcement "+id))
	return a
}

func (r *newsroom) cursor() fleet.Cursor {
	r.Helper()
	c := fleet.Cursor{Distribution: "Atrium"}
	r.must(fleet.One(context.Background(), r.store, &c, "cursor"))
	return c
}

func (r *newsroom) wantSaid(want ...string) {
	r.Helper()
	if d := cmp.Diff(want, r.said()); d != "" {
		r.Error(d)
	}
}

func TestHeardAnnouncesWhatIsBetter(t *testing.T) {
	r := newNewsroom(t, fleet.Track{Tags: `\d+\.\d+\.\d+`})
	if r.hear(tagHead("1.0.0@a")) {
		t.Error("the first reading is news")
	}
	if r.hear(tagHead("1.0.0@a")) {
		t.Error("the same again is news")
	}
	r.wantSaid()
	h := tagHead("1.2.0@c 1.1.0@b 1.0.0@a 0.9.0@z")
	h.Commits, h.Total = commits("c2", "c1"), 2
	if !r.hear(h) || r.hear(h) {
		t.Error("a better tag is not news, or is news twice")
	}
	r.wantSaid("news:Atrium/1")
	a := r.announcement("Atrium/1")
	if a.From.Version != "1.0.0" || a.To.Version != "1.2.0" || a.Moves != 1 || a.Total != 2 || a.State != fleet.NewsOpen || a.Channel != "C1" {
		t.Errorf("%+v", a)
	}
	if d := cmp.Diff([]string{"1.1.0"}, a.Others); d != "" {
		t.Error(d)
	}
	if want := "https://github.com/example/atrium/compare/1.0.0...1.2.0"; a.Web != want {
		t.Errorf("web %s", a.Web)
	}
}

func TestHeardAmendsTheOpenAnnouncement(t *testing.T) {
	r := newNewsroom(t, fleet.Track{Branch: "main"})
	r.hear(branchHead("a"))
	h := branchHead("b")
	h.Commits, h.Total, h.Since = commits("b2", "b1"), 2, "a"
	r.hear(h)
	r.wantSaid("news:Atrium/1")

	h = branchHead("c") // counted from what was known
	h.Commits, h.Total, h.Since = commits("c1"), 1, "b"
	r.hear(h)
	r.wantSaid("news:Atrium/1")
	a := r.announcement("Atrium/1")
	if a.From.Commit != "a" || a.To.Commit != "c" || a.Moves != 2 || a.Total != 3 || len(a.Commits) != 3 || a.Commits[0].Hash != "c1" {
		t.Errorf("%+v", a)
	}

	h = branchHead("d") // counted from where the announcement begins
	h.Commits, h.Total, h.Since = commits("d1", "c1", "b2", "b1"), 4, "a"
	r.hear(h)
	if a = r.announcement("Atrium/1"); a.Total != 4 || len(a.Commits) != 4 {
		t.Errorf("%+v", a)
	}

	h = branchHead("e") // counted from something else: nobody knows how many
	h.Commits, h.Total, h.Since = commits("e1"), 1, "x"
	r.hear(h)
	if a = r.announcement("Atrium/1"); a.Total != -1 || a.Moves != 4 {
		t.Errorf("%+v", a)
	}
}

func TestHeardBoundsCommits(t *testing.T) {
	r := newNewsroom(t, fleet.Track{Branch: "main"})
	r.hear(branchHead("0"))
	for i := range 5 {
		h := branchHead(fmt.Sprint(i + 1))
		h.Commits, h.Total = commits("a", "b", "c", "d", "e", "f", "g", "h"), 8
		r.hear(h)
	}
	if a := r.announcement("Atrium/1"); len(a.Commits) != 20 || a.Total != 40 {
		t.Errorf("%d commits of %d", len(a.Commits), a.Total)
	}
}

// After somebody acted, the next move is an announcement of its own.
func TestHeardStartsAnewAfterAnAction(t *testing.T) {
	for _, c := range []struct {
		state fleet.NewsState
		want  []string
	}{
		{fleet.NewsBuilding, []string{"news:Atrium/2"}},
		{fleet.NewsBuilt, []string{"news:Atrium/2"}},
		{fleet.NewsFailed, []string{"news:Atrium/1 edit", "news:Atrium/2"}},
	} {
		t.Run(string(c.state), func(t *testing.T) {
			r := newNewsroom(t, fleet.Track{Branch: "main"})
			r.hear(branchHead("a"))
			r.hear(branchHead("b"))
			r.said()
			r.must(r.store.Update(t.Context(), fleet.Catalogue, func(tx fleet.Tx) error {
				a := fleet.Announcement{ID: "Atrium/1"}
				_, err := tx.Get(&a)
				a.State = c.state
				tx.Put(&a)
				return err
			}))
			r.hear(branchHead("c"))
			r.wantSaid(c.want...)
			if a := r.announcement("Atrium/2"); a.From.Commit != "b" || a.To.Commit != "c" || a.Moves != 1 {
				t.Errorf("%+v", a)
			}
		})
	}
}

func TestHeardWarnsOfRewrittenHistory(t *testing.T) {
	r := newNewsroom(t, fleet.Track{Branch: "main"})
	r.hear(branchHead("a"))
	r.hear(branchHead("b"))
	h := branchHead("x")
	h.Rewritten, h.Commits, h.Total = true, commits("x1"), 1
	r.hear(h)
	r.hear(branchHead("y"))
	if a := r.announcement("Atrium/1"); !a.Rewritten || a.From.Commit != "a" || a.To.Commit != "y" {
		t.Errorf("%+v", a)
	}
}

func TestMovedTagIsAnAlarmAndNoNews(t *testing.T) {
	r := newNewsroom(t, fleet.Track{Tags: `.*`})
	r.hear(tagHead("1.1.0@b 1.0.0@a"))
	if r.hear(tagHead("1.1.0@b 1.0.0@EVIL")) {
		t.Error("a moved tag is news")
	}
	said := r.said()
	if len(said) != 1 || !strings.HasPrefix(said[0], "alarm:Atrium/moved/") {
		t.Fatalf("said %v", said)
	}
	alarm := fleet.Alarm{ID: strings.TrimPrefix(said[0], "alarm:")}
	r.must(fleet.One(t.Context(), r.store, &alarm, "alarm"))
	if !strings.Contains(alarm.Text, "1.0.0 pointed to a and points to EVIL now") || alarm.About != "Atrium" {
		t.Errorf("%+v", alarm)
	}
	r.hear(tagHead("1.1.0@b 1.0.0@EVIL"))
	r.wantSaid()
}

// The head itself moves while its announcement waits for a press: the message
// with the Build button says so.
func TestMovedHeadTagWarnsOnItsAnnouncement(t *testing.T) {
	r := newNewsroom(t, fleet.Track{Tags: `.*`})
	r.hear(tagHead("1.0.0@a"))
	r.hear(tagHead("1.1.0@b 1.0.0@a"))
	r.said()
	if r.hear(tagHead("1.1.0@EVIL 1.0.0@a")) {
		t.Error("a moved tag is news")
	}
	if said := r.said(); len(said) != 2 || said[1] != "news:Atrium/1" {
		t.Errorf("said %v", said)
	}
	if a := r.announcement("Atrium/1"); !a.Rewritten || a.From.Commit != "b" || a.To.Commit != "EVIL" || a.Total != -1 {
		t.Errorf("%+v", a)
	}
	r.hear(tagHead("1.2.0@c 1.1.0@EVIL"))
	if a := r.announcement("Atrium/1"); a.Rewritten || a.To.Version != "1.2.0" {
		t.Errorf("a tag that nobody moved is marked: %+v", a)
	}
}

func TestDeletedTagChangesNothing(t *testing.T) {
	r := newNewsroom(t, fleet.Track{Tags: `.*`})
	r.hear(tagHead("1.1.0@b 1.0.0@a"))
	before := r.cursor()
	if r.hear(tagHead("1.0.0@a")) || r.hear(tagHead("")) {
		t.Error("a deleted tag is news")
	}
	if d := cmp.Diff(before, r.cursor()); d != "" {
		t.Error(d)
	}
	r.wantSaid()
	r.hear(tagHead("1.1.0@other 1.0.0@a"))
	if said := r.said(); len(said) != 1 {
		t.Errorf("a tag that came back elsewhere: said %v", said)
	}
}

// The distribution was read under other rules meanwhile: nothing may be taken
// from it, and what was known of another repository says nothing about this.
func TestRulesOfTheReading(t *testing.T) {
	r := newNewsroom(t, fleet.Track{Tags: `1\..*`})
	r.hear(tagHead("1.0.0@a"))
	r.change(func(d *fleet.Distribution) { d.Rules = 2; d.Policy.Self = true })
	if r.hear(tagHead("1.1.0@b")) {
		t.Error("a reading under older rules counts")
	}
	h := tagHead("1.1.0@b 1.0.0@a")
	h.Rules = 2
	if !r.hear(h) {
		t.Error("a change of policy made the cursor forget")
	}
	r.change(func(d *fleet.Distribution) { d.Rules = 3; d.Track.Tags = `2\..*` })
	r.said()
	h = tagHead("2.0.0@c")
	h.Rules = 3
	if r.hear(h) {
		t.Error("the first reading of another expression is news")
	}
	r.wantSaid("news:Atrium/1 edit")
	if a := r.announcement("Atrium/1"); a.State != fleet.NewsSuperseded {
		t.Errorf("the announcement of what is not tracked any more is %s", a.State)
	}
	gone := h
	gone.Distribution = "nobody"
	if r.hear(gone) {
		t.Error("news of an unknown distribution")
	}
}

func TestStartMakesTheRestNews(t *testing.T) {
	r := newNewsroom(t, fleet.Track{Tags: `.*`})
	r.must(r.news.Start(t.Context(), "atrium", tagRef("1.0.0", "a")))
	if !r.hear(tagHead("1.1.0@b 1.0.0@a")) {
		t.Error("what is newer than the first build is no news")
	}
	if a := r.announcement("Atrium/1"); a.From.Version != "1.0.0" {
		t.Errorf("%+v", a)
	}
}

// Without Start the platforms that were built say what is known.
func TestFirstReadingKnowsWhatWasBuilt(t *testing.T) {
	r := newNewsroom(t, fleet.Track{Tags: `.*`})
	for i, version := range []string{"1.0.0", "0.9.0"} {
		r.must(r.store.Update(t.Context(), fleet.Catalogue, func(tx fleet.Tx) error {
			p := fleet.Platform{Name: fleet.PlatformName("atrium-" + version)}
			_, err := tx.Get(&p)
			p.Distribution, p.URL, p.Ref, p.State = "Atrium", "https://github.com/example/atrium.git", tagRef(version, "a"), fleet.PlatformReady
			p.Created = tx.Now().Add(time.Duration(i) * time.Minute)
			tx.Put(&p)
			return err
		}))
	}
	if !r.hear(tagHead("1.1.0@b 1.0.0@a")) {
		t.Error("no news")
	}
	if a := r.announcement("Atrium/1"); a.From.Version != "1.0.0" {
		t.Errorf("from %+v", a.From)
	}
}

func TestFailingTellsOnceAndWhenOver(t *testing.T) {
	r := newNewsroom(t, fleet.Track{Branch: "main"})
	r.hear(branchHead("a"))
	fail := func(reason string) {
		t.Helper()
		r.must(r.news.Failing(t.Context(), "Atrium", reason))
	}
	fail("Away.")
	fail("Away.")
	r.wantSaid()
	fail("Away.")
	said := r.said()
	if len(said) != 1 || !strings.HasPrefix(said[0], "alarm:Atrium/unreadable/") {
		t.Fatalf("said %v", said)
	}
	fail("Away.")
	r.wantSaid()
	fail("Not there.")
	r.wantSaid(said[0] + " edit")
	if c := r.cursor(); c.Failing != "Not there." || c.Fails != 5 || c.Head.Commit != "a" {
		t.Errorf("%+v", c)
	}
	if !r.hear(branchHead("b")) {
		t.Error("what moved meanwhile is no news")
	}
	r.wantSaid(said[0]+" edit", "news:Atrium/1")
	alarm := fleet.Alarm{ID: strings.TrimPrefix(said[0], "alarm:")}
	r.must(fleet.One(t.Context(), r.store, &alarm, "alarm"))
	if !alarm.Over || alarm.Ended.IsZero() {
		t.Errorf("%+v", alarm)
	}
	fail("Away again.")
	r.hear(branchHead("b"))
	if c := r.cursor(); c.Fails != 0 || c.Failing != "" {
		t.Errorf("%+v", c)
	}
	r.wantSaid()
}

func TestSnoozeAndWake(t *testing.T) {
	r := newNewsroom(t, fleet.Track{Branch: "main"})
	r.hear(branchHead("a"))
	r.hear(branchHead("b"))
	r.said()
	ctx, who := t.Context(), fleet.Actor{ID: "U1"}
	until := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	for _, bad := range []time.Time{{}, until.Add(-48 * time.Hour), until.Add(1000 * 24 * time.Hour)} {
		if _, err := r.news.Snooze(ctx, "Atrium/1", bad, who); fleet.CodeOf(err) != fleet.Invalid {
			t.Errorf("until %v: %v", bad, err)
		}
	}
	if _, err := r.news.Snooze(ctx, "Atrium/9", until, who); fleet.CodeOf(err) != fleet.NotFound {
		t.Error(err)
	}
	a, err := r.news.Snooze(ctx, "Atrium/1", until, who)
	r.must(err)
	if a.State != fleet.NewsSnoozed || a.By != who {
		t.Errorf("%+v", a)
	}
	r.wantSaid("news:Atrium/1 edit")
	r.hear(branchHead("c"))
	if a := r.announcement("Atrium/1"); a.State != fleet.NewsSnoozed || a.To.Commit != "c" {
		t.Errorf("amended while snoozed: %+v", a)
	}
	r.said()
	if n, err := r.news.Wake(ctx); n != 0 || err != nil {
		t.Errorf("woke %d early, %v", n, err)
	}
	r.store.Pass(24 * time.Hour)
	if n, err := r.news.Wake(ctx); n != 1 || err != nil {
		t.Errorf("woke %d, %v", n, err)
	}
	r.wantSaid("news:Atrium/1")
	if a := r.announcement("Atrium/1"); a.State != fleet.NewsOpen || !a.Until.IsZero() {
		t.Errorf("%+v", a)
	}
	r.change(func(*fleet.Distribution) {})
	if n, _ := r.news.Wake(ctx); n != 0 {
		t.Error("woke twice")
	}
}

// One head move is one event, whoever hears it first.
func TestHeardOnceOverReplicas(t *testing.T) {
	r := newNewsroom(t, fleet.Track{Branch: "main"})
	r.hear(branchHead("a"))
	var group sync.WaitGroup
	var mu sync.Mutex
	moves := 0
	for range 8 {
		group.Go(func() {
			if moved, err := r.news.Heard(t.Context(), branchHead("b")); err != nil {
				t.Error(err)
			} else if moved {
				mu.Lock()
				moves++
				mu.Unlock()
			}
		})
	}
	group.Wait()
	if moves != 1 {
		t.Errorf("%d moves", moves)
	}
	r.wantSaid("news:Atrium/1")
}

func TestHeardChangesNothingWhenTheStoreIsAway(t *testing.T) {
	r := newNewsroom(t, fleet.Track{Branch: "main"})
	r.hear(branchHead("a"))
	r.store.Down(errors.New("away"))
	if moved, err := r.news.Heard(t.Context(), branchHead("b")); moved || err == nil {
		t.Errorf("moved %v, %v", moved, err)
	}
	r.store.Down(nil)
	if !r.hear(branchHead("b")) {
		t.Error("the move was lost")
	}
}

func TestCompareLink(t *testing.T) {
	from, to := tagRef("1.0.0", "aaa"), fleet.Ref{Name: "refs/heads/main", Commit: "bbb"}
	for url, want := range map[string]string{
		"https://github.com/o/r.git":                 "https://github.com/o/r/compare/1.0.0...bbb",
		"https://gitlab.example.org/g/sub/r":         "https://gitlab.example.org/g/sub/r/-/compare/1.0.0...bbb",
		"https://git.drupalcode.org/project/d.git/":  "https://git.drupalcode.org/project/d/-/compare/1.0.0...bbb",
		"https://codeberg.org/o/r":                   "https://codeberg.org/o/r/compare/1.0.0...bbb",
		"https://git.example.org/o/r":                "",
		"http://github.com/o/r":                      "",
		"https://user:secret@github.com/o/r":         "",
		"https://github.com.evil.example/o/r":        "",
		"ssh://git@github.com/o/r.git":               "",
		"https://github.com/o/r with spaces\x00.git": "",
	} {
		if got := fleet.CompareLink(url, from, to); got != want {
			t.Errorf("%s: %q, want %q", url, got, want)
		}
	}
	odd := tagRef("1.0/<x>|@", "ccc")
	if got := fleet.CompareLink("https://github.com/o/r", odd, to); got != "https://github.com/o/r/compare/ccc...bbb" {
		t.Error(got)
	}
}

func commits(hashes ...string) []fleet.Commit {
	var out []fleet.Commit
	for _, h := range hashes {
		out = append(out, fleet.Commit{Hash: h})
	}
	return out
}
