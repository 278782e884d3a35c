package fleet

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// listening is one attempt to take in what a repository shows.
type listening struct {
	tx     Tx
	dist   Distribution
	cursor Cursor
	known  bool          // the cursor is of what the distribution tracks now
	settle time.Duration // News.Settle, for distributions that build by themselves
}

// listen reads a distribution and its cursor; nil if there is no such
// distribution (any more).
func listen(tx Tx, name DistName) (*listening, error) {
	l := &listening{tx: tx, dist: Distribution{Name: name}, cursor: Cursor{Distribution: name}}
	if found, err := tx.Get(&l.dist); err != nil || !found {
		return nil, err
	}
	found, err := tx.Get(&l.cursor)
	l.known = found && l.cursor.Tracks == l.dist.tracks()
	return l, err
}

// tracks says what of which repository is followed. When it changes, what was
// known before says nothing about what is new; other changes of the rules keep
// the cursor.
func (d Distribution) tracks() string {
	parts := []string{d.URL, d.Track.Branch, d.Track.Tags}
	if d.Track.Versions != "" {
		parts = append(parts, d.Track.Versions)
	}
	return strings.Join(parts, "\n")
}

// begin forgets what was known of another repository or expression.
func (l *listening) begin() {
	l.cursor = Cursor{Distribution: l.dist.Name, Rules: l.dist.Rules, Tracks: l.dist.tracks(),
		Failing: l.cursor.Failing, Fails: l.cursor.Fails, Alarm: l.cursor.Alarm}
	l.known = true
}

// firstHead sets what counts as known when nothing was read yet: the best
// platform that came from this repository in the way that is tracked now. There
// is one if a repository or an expression was changed, and if the first poll
// comes after more was published than was built. Without one it is the head.
func (l *listening) firstHead(ref Ref) error {
	names, err := l.tx.List(PlatformsOf(l.dist.Name), Page{Limit: 100, Descending: true})
	if err != nil {
		return err
	}
	for _, name := range names {
		p := Platform{Name: PlatformName(name)}
		if found, err := l.tx.Get(&p); err != nil {
			return err
		} else if !found || p.URL != l.dist.URL || p.State == PlatformRetired || p.State == PlatformFailed {
			continue
		}
		if p.Ref.IsTag() != ref.IsTag() || !ref.IsTag() && p.Ref.Name != ref.Name {
			continue
		}
		if known := l.cursor.Head; known.Name == "" || ref.IsTag() && CompareTags(p.Ref.Short(), known.Short()) > 0 {
			l.cursor.Head = p.Ref
		}
	}
	if known := l.cursor.Head; known.IsTag() {
		l.remember(map[string]string{known.Short(): known.Commit})
	} else if known.Name == "" {
		l.cursor.Head = ref
	}
	return nil
}

// checkedEvery is how old Cursor.Checked may be: a poll that found nothing new
// writes no more often than that.
const checkedEvery = 5 * time.Minute

// hear is the rule of Heard.
func (l *listening) hear(h Head) (bool, error) {
	if slices.Contains(l.dist.Hush.ignored(), fold(h.Ref.Short())) {
		h.Ref = Ref{} // it was ignored while the repository was read
	}
	first := !l.known
	if first {
		if err := l.supersede(NewsOpen, NewsSnoozed, NewsFailed); err != nil {
			return false, err
		}
		l.begin()
		if err := l.firstHead(h.Ref); err != nil {
			return false, err
		}
	}
	changed := first || l.cursor.Rules != l.dist.Rules || h.Hook || l.tx.Now().Sub(l.cursor.Checked) >= checkedEvery
	recovered, err := l.recovered()
	if err != nil {
		return false, err
	}
	moved := movedTags(l.cursor.Tags, h.Tags)
	if len(moved) > 0 {
		if err := l.tagsMoved(moved, h); err != nil {
			return false, err
		}
	}
	learnt := l.remember(h.Tags)
	news := h.Ref.NewsAfter(l.cursor.Head)
	if news {
		if err := l.announce(h); err != nil {
			return false, err
		}
	}
	if changed || recovered || learnt || news {
		l.cursor.Rules, l.cursor.Checked = l.dist.Rules, l.tx.Now()
		if h.Hook {
			l.cursor.Hooked = l.tx.Now()
		}
		l.tx.Put(&l.cursor)
	}
	return news, nil
}

// NewsAfter reports whether a head is news to people who know another: a branch
// that points elsewhere, a tag that is better, or the first ref there is.
func (r Ref) NewsAfter(known Ref) bool {
	switch {
	case r.Name == "":
		return false
	case known.Name == "":
		return true
	case !r.IsTag() || !known.IsTag():
		return r.Commit != known.Commit
	}
	return r.Name != known.Name && CompareTags(r.Short(), known.Short()) > 0
}

// maxTags is how many tags the cursor remembers, the best ones: an older tag
// that moves concerns nobody, and the row stays small.
const maxTags = 500

// remember adds tags to those known and reports whether any was new. A tag that
// is gone stays known: if it comes back elsewhere, it was moved.
func (l *listening) remember(tags map[string]string) bool {
	changed := false
	known := maps.Clone(l.cursor.Tags)
	if known == nil {
		known = map[string]string{}
	}
	for name, commit := range tags {
		if known[name] != commit {
			known[name], changed = commit, true
		}
	}
	if len(known) > maxTags {
		names := slices.SortedFunc(maps.Keys(known), func(a, b string) int { return CompareTags(b, a) })
		for _, name := range names[maxTags:] {
			delete(known, name)
		}
	}
	changed = changed && !maps.Equal(known, l.cursor.Tags)
	l.cursor.Tags = known
	return changed
}

// movedTags gives the known tags that point elsewhere now, the best first.
func movedTags(known, now map[string]string) []string {
	var moved []string
	for name, commit := range now {
		if old := known[name]; old != "" && old != commit {
			moved = append(moved, name)
		}
	}
	slices.SortFunc(moved, func(a, b string) int { return CompareTags(b, a) })
	return moved
}

// tagsMoved raises an alarm. If the head is among the tags, an announcement
// that still waits for a person says so; nothing is announced anew.
func (l *listening) tagsMoved(moved []string, h Head) error {
	text := make([]string, 0, len(moved))
	for _, name := range moved {
		text = append(text, fmt.Sprintf("%s pointed to %s and points to %s now", Clean(name, 60),
			ShortCommit(l.cursor.Tags[name]), ShortCommit(h.Tags[name])))
	}
	err := l.alarm(Alarm{
		ID:    fmt.Sprintf("%s/moved/%d", l.dist.Name, l.tx.Now().UnixMilli()),
		Title: fmt.Sprintf("%s: %s moved", l.dist.Name, Plural(len(moved), "tag was", "tags were")),
		Text: "A published tag should not change. " + listing(text) +
			". Nothing is built or upgraded because of it; ask the authors before you build it again.",
		Tone: Warn,
	})
	if err != nil {
		return err
	}
	if l.cursor.Head.Name != h.Ref.Name || !slices.Contains(moved, h.Ref.Short()) {
		return nil
	}
	before := l.cursor.Head
	l.cursor.Head = h.Ref
	a, err := l.latest()
	if err != nil || a == nil || !a.Open() || a.To.Name != h.Ref.Name {
		return err
	}
	a.From, a.To, a.Rewritten = before, h.Ref, true
	a.Commits, a.Total, a.Locks = nil, -1, nil
	a.Web = CompareLink(l.dist.URL, a.From, a.To)
	l.tx.Put(a)
	l.tx.Emit(a.notice(!a.Held.IsZero()))
	return nil
}

func (l *listening) alarm(a Alarm) error {
	a.About, a.At, a.Channel = string(l.dist.Name), l.tx.Now(), l.dist.Policy.Channel
	if found, err := l.tx.Get(&Alarm{ID: a.ID}); found || err != nil {
		return err
	}
	l.tx.Put(&a)
	l.tx.Emit(a.notice(!a.Held.IsZero()), Effect{Audit: &AuditEvent{At: a.At, Who: System("watcher"), What: "alarm.raised", About: a.About,
		Detail: map[string]string{"alarm": a.ID, "text": clip(a.Text, 300)}}})
	return nil
}

func (a Alarm) notice(edit bool) Effect {
	return Effect{Notice: &Notice{Subject: SubjectOf(AboutAlarm, a.ID), Channel: a.Channel, Edit: edit}}
}
