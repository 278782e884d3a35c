package watcher

import (
	"context"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/internal/mirror"
)

// describe adds what is new since what is announced or known, if the head is
// about to move, and gives the latest announcement. Whatever fails, the
// announcement comes without it.
func (p *Poller) describe(ctx context.Context, d fleet.Distribution, head *fleet.Head, listing mirror.Listing) (fleet.Announcement, error) {
	head.Total = -1
	cursor := fleet.Cursor{Distribution: d.Name}
	latest := fleet.Announcement{ID: fleet.NewsID(d.Name, d.News)}
	found, err := p.Store.Read(ctx, &cursor, &latest)
	if err != nil || head.Ref.Name == "" {
		return latest, err
	}
	known := cursor.Head
	if !found[0] || known.Commit == "" || cursor.Rules != d.Rules { // what is known is only about to be settled
		if known, err = p.News.Known(ctx, d.Name, head.Ref); err != nil {
			return latest, err
		}
	}
	if known.Commit == "" || !head.Ref.NewsAfter(known) {
		return latest, nil
	}
	since := known
	if found[1] && latest.Open() && latest.From.Commit != "" && known == cursor.Head {
		since = latest.From
	}
	head.Since = since.Commit
	if p.Forges != nil {
		head.Web = p.Forges.compareLink(d.URL, since, head.Ref)
	}
	if ref, ok := listing.Find(head.Ref.Name); ok {
		p.history(ctx, d, head, span{since: since, known: known, to: ref})
		p.notes(ctx, d, head, ref)
	}
	return latest, nil
}

// span is what an announcement reaches over: since is where its people were, and
// known what they were told of last.
type span struct {
	since, known fleet.Ref
	to           mirror.Ref
}

// history adds the commits of a span, and what changed in locks and makefiles.
func (p *Poller) history(ctx context.Context, d fleet.Distribution, head *fleet.Head, s span) {
	if p.History == nil {
		return
	}
	commits, err := p.between(ctx, d.URL, s.since, s.to)
	if err == nil && !head.Ref.IsTag() && s.since.Commit != s.known.Commit {
		var last mirror.Commits
		last, err = p.between(ctx, d.URL, s.known, s.to)
		commits.Rewritten = commits.Rewritten || last.Rewritten
	}
	if err != nil {
		p.Log.InfoContext(ctx, "an announcement comes without its commits", "dist", d.Name, "err", err)
		return
	}
	head.Total, head.Rewritten = commits.Total, commits.Rewritten && !head.Ref.IsTag()
	for _, c := range commits.List {
		head.Commits = append(head.Commits, fleet.Commit{Hash: c.Hash, At: c.At,
			Author: fleet.Clean(c.Author, 100), Subject: fleet.Clean(c.Subject, 200)})
	}
	if head.Locks, err = p.locks(ctx, d, s.since.Commit, s.to.Commit()); err != nil {
		p.Log.InfoContext(ctx, "an announcement comes without the changes of its locks", "dist", d.Name, "err", err)
	}
}

// notes adds what a tag says of itself, or its release at the forge, which says
// more. A word on security counts wherever it stands.
func (p *Poller) notes(ctx context.Context, d fleet.Distribution, head *fleet.Head, ref mirror.Ref) {
	if !head.Ref.IsTag() {
		return
	}
	if p.History != nil {
		note, err := p.History.Message(ctx, p.repo(d.URL), ref)
		if err != nil {
			p.Log.InfoContext(ctx, "an announcement comes without the tag's message", "dist", d.Name, "err", err)
		}
		head.Note, head.Security = note, fleet.SaysSecurity(note)
	}
	if p.Forges == nil {
		return
	}
	r, found, err := p.Forges.Release(ctx, d.URL, head.Ref.Short())
	if err != nil {
		p.Log.InfoContext(ctx, "an announcement comes without its release", "dist", d.Name, "err", err)
	}
	if !found {
		return
	}
	head.Released, head.Page = true, r.Web
	if said := r.said(); said != "" {
		head.Note = said
	}
	head.Security = head.Security || fleet.SaysSecurity(r.Name+"\n"+r.Text)
}

// lateRelease looks for the release of a tag that was announced before there was
// one.
func (p *Poller) lateRelease(ctx context.Context, d fleet.Distribution, a fleet.Announcement, hinted bool) error {
	if p.Forges == nil || !a.Open() || a.Released || !a.To.IsTag() || a.Rewritten {
		return nil
	}
	now, err := p.now(ctx)
	if err != nil || !p.Forges.mayAsk(a.ID, now.Sub(a.At), hinted) {
		return err
	}
	r, found, err := p.Forges.Release(ctx, d.URL, a.To.Short())
	if err != nil || !found {
		return err
	}
	said := r.said()
	added, err := p.News.Noted(ctx, a.ID, fleet.Noted{Tag: a.To.Short(), Note: said, Page: r.Web,
		Security: fleet.SaysSecurity(r.Name + "\n" + r.Text)})
	if added {
		p.Log.InfoContext(ctx, "a release came after its tag", "dist", d.Name, "tag", fleet.Clean(a.To.Short(), 100))
	}
	return err
}

// maxCommits is how many commits an announcement holds.
const maxCommits = 20

// between brings both ends into the mirror and lists what lies between them.
// That the old end cannot be had any more is no failure: it may have been
// rewritten away.
func (p *Poller) between(ctx context.Context, url string, since fleet.Ref, to mirror.Ref) (mirror.Commits, error) {
	ctx, cancel := context.WithTimeout(ctx, fetchTime)
	defer cancel()
	repo := p.repo(url)
	if err := p.History.Fetch(ctx, repo, to); err != nil {
		return mirror.Commits{}, err
	}
	old := mirror.Ref{Name: since.Name, Hash: since.Hash}
	if since.Hash != since.Commit {
		old.Peeled = since.Commit
	}
	if err := p.History.Fetch(ctx, repo, old); err != nil && ctx.Err() != nil {
		return mirror.Commits{}, err
	}
	return p.History.Log(ctx, repo, since.Commit, to.Commit(), maxCommits)
}
