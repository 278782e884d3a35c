package fleet

import (
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"
)

// What an announcement holds at most.
const (
	maxCommits = 20
	maxOthers  = 20
	maxNote    = 600 // characters
	maxLocks   = 4   // files
	maxRows    = 12  // of each
)

// announce makes an announcement of a head that moved, or amends the one that
// nobody has acted on yet, and moves the cursor.
func (l *listening) announce(h Head) error {
	a, err := l.latest()
	if err != nil {
		return err
	}
	before := l.cursor.Head
	what := "news.amended"
	if a == nil || !a.Open() {
		if err := l.supersede(NewsFailed); err != nil {
			return err
		}
		if a != nil && !a.Held.IsZero() { // never shown, and not what people wait for any more
			a.Held = time.Time{}
			l.tx.Put(a)
		}
		if a, err = l.anew(before); err != nil {
			return err
		}
		what = "news.announced"
	}
	a.take(h, before)
	a.Channel = l.dist.Policy.Channel
	a.Note, a.Released, a.Page = CleanLines(h.Note, maxNote), h.Released, h.Page
	// What is announced holds what was before it, so a word on security stays.
	a.Security = a.Security || h.Security || saysSecurity(*a)
	a.Ripe = l.ripe(a.Security)
	a.Others = others(h, a.From)
	if a.Web = CompareLink(l.dist.URL, a.From, a.To); a.Web == "" {
		a.Web = h.Web
	}
	l.cursor.Head = h.Ref
	l.show(a)
	l.tx.Put(a)
	l.tx.Emit(Effect{Audit: &AuditEvent{At: l.tx.Now(), Who: System("watcher"), What: what, About: string(l.dist.Name),
		Detail: map[string]string{"news": a.ID, "ref": h.Ref.Name, "commit": h.Ref.Commit}}})
	return nil
}

// ripe is when what is announced now counts as ready: after the wait that its
// people want, and after a burst of moves has ended. What mends a security hole
// does not wait if they say so: whether it does is foreign text, so it is their
// choice, and nothing is moved for it without an approval.
func (l *listening) ripe(security bool) time.Time {
	wait := time.Duration(l.dist.Policy.Wait) * time.Hour
	if security && l.dist.Policy.Hurry {
		wait = 0
	}
	if wait = max(wait, l.settle); wait == 0 {
		return time.Time{}
	}
	return l.tx.Now().Add(wait)
}

// show promises that an announcement is shown: at once, or when people no
// longer want quiet. One that they saw already is edited in any case, which
// disturbs nobody.
func (l *listening) show(a *Announcement) {
	held := l.dist.Hush.Until(l.tx.Now(), a.Security)
	switch {
	case a.Moves > 1 && a.Held.IsZero():
		l.tx.Emit(a.notice(!held.IsZero()))
	case held.IsZero():
		a.Held = time.Time{}
		l.tx.Emit(a.notice(false))
	default:
		a.Held = held
	}
}

// anew makes the distribution's next announcement. A number that is taken is
// passed over; if another replica took it just now, the commit fails anyway.
func (l *listening) anew(from Ref) (*Announcement, error) {
	for {
		l.dist.News++
		a := &Announcement{ID: NewsID(l.dist.Name, l.dist.News)}
		found, err := l.tx.Get(a)
		if err != nil {
			return nil, err
		}
		if !found {
			a.Distribution, a.From, a.State, a.At = l.dist.Name, from, NewsOpen, l.tx.Now()
			l.tx.Put(&l.dist)
			return a, nil
		}
	}
}

// take makes a show a head; before is the head it showed until now.
func (a *Announcement) take(h Head, before Ref) {
	switch {
	case a.Moves == 0, h.Since != "" && h.Since == a.From.Commit, h.Rewritten:
		a.Commits, a.Total, a.Locks = h.Commits, h.Total, h.Locks
	case h.Since == "" || h.Since == before.Commit:
		a.Commits = append(slices.Clone(h.Commits), a.Commits...)
		if a.Total >= 0 && h.Total >= 0 {
			a.Total += h.Total
		} else {
			a.Total = -1
		}
		a.Locks = nil // counted from another beginning
	default: // somebody else amended meanwhile: what was counted has another beginning
		a.Commits, a.Total, a.Locks = h.Commits, -1, nil
	}
	a.Commits = a.Commits[:min(len(a.Commits), maxCommits)]
	a.Rewritten = h.Rewritten || a.Rewritten && !h.Ref.IsTag()
	a.To = h.Ref
	a.Moves++
}

// others gives the versions beside the best one that are new since from.
func others(h Head, from Ref) []string {
	var out []string
	if from.IsTag() {
		for name := range maps.Keys(h.Tags) {
			if name != h.Ref.Short() && CompareTags(name, from.Short()) > 0 {
				out = append(out, name)
			}
		}
		slices.SortFunc(out, func(a, b string) int { return CompareTags(b, a) })
	} else {
		out = slices.Clone(h.Others)
	}
	return out[:min(len(out), maxOthers)]
}

// latest gets the distribution's latest announcement; nil if there was none.
func (l *listening) latest() (*Announcement, error) {
	if l.dist.News == 0 {
		return nil, nil
	}
	a := &Announcement{ID: NewsID(l.dist.Name, l.dist.News)}
	if found, err := l.tx.Get(a); err != nil || !found {
		return nil, err
	}
	return a, nil
}

// supersede closes the latest announcement if it is in one of the states.
func (l *listening) supersede(states ...NewsState) error {
	a, err := l.latest()
	if err != nil || a == nil || !slices.Contains(states, a.State) {
		return err
	}
	a.State, a.Held = NewsSuperseded, time.Time{}
	l.tx.Put(a)
	l.tx.Emit(a.notice(true))
	return nil
}

// CompareLink is the page on which a known host shows what lies between two
// refs, "" for hosts whose pages are not known. The host is told by its name.
func CompareLink(repository string, from, to Ref) string {
	u, err := url.Parse(repository)
	if err != nil {
		return ""
	}
	switch host := strings.ToLower(u.Hostname()); {
	case host == "github.com":
		return CompareLinkAt("github", repository, from, to)
	case host == "codeberg.org" || strings.Contains(host, "gitea") || strings.Contains(host, "forgejo"):
		return CompareLinkAt("gitea", repository, from, to)
	case host == "git.drupalcode.org" || strings.Contains(host, "gitlab"):
		return CompareLinkAt("gitlab", repository, from, to)
	case host == "bitbucket.org":
		return CompareLinkAt("bitbucket", repository, from, to)
	}
	return ""
}

// CompareLinkAt is CompareLink for a host that is known to be of a forge:
// "github", "gitlab", "gitea" or "bitbucket".
func CompareLinkAt(forge, repository string, from, to Ref) string {
	page := pageOfRepository(repository)
	if page == "" || from.Commit == "" || to.Commit == "" {
		return ""
	}
	switch forge {
	case "github", "gitea":
		return page + "/compare/" + linkRef(from) + "..." + linkRef(to)
	case "gitlab":
		return page + "/-/compare/" + linkRef(from) + "..." + linkRef(to)
	case "bitbucket": // what is new comes first there
		return page + "/branches/compare/" + linkRef(to) + ".." + linkRef(from)
	}
	return ""
}

// CommitsAt is the address of a commit of a repository at its forge, up to the
// hash that is to follow; "" if nobody can tell.
func CommitsAt(forge, repository string) string {
	path := map[string]string{"github": "/commit/", "gitea": "/commit/", "gitlab": "/-/commit/", "bitbucket": "/commits/"}[forge]
	page := pageOfRepository(repository)
	if page == "" || path == "" {
		return ""
	}
	return page + path
}

// pageOfRepository is where a forge shows a repository to people; "" for one that
// is not reached in a way that says so.
func pageOfRepository(repository string) string {
	u, err := url.Parse(repository)
	if err != nil || u.Host == "" {
		return ""
	}
	host := u.Host
	switch {
	case u.Scheme == "ssh": // its user is for git alone, and its port is not the pages'
		host = u.Hostname()
	case u.Scheme != "https" || u.User != nil:
		return ""
	}
	return "https://" + host + strings.TrimSuffix(strings.TrimSuffix(u.EscapedPath(), "/"), ".git")
}

// linkRef prefers a tag's name, which people read, if it needs no escaping.
func linkRef(r Ref) string {
	if name := r.Short(); r.IsTag() && url.PathEscape(name) == name {
		return name
	}
	return r.Commit
}
