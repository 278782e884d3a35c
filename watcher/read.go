package watcher

import (
	"context"
	"fmt"
	"slices"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/internal/mirror"
)

// Poll reads a distribution's repository now, out of turn. Errors for people
// say why it cannot be read.
func (p *Poller) Poll(ctx context.Context, name fleet.DistName) error {
	p.setUp()
	d := fleet.Distribution{Name: name}
	if err := fleet.One(ctx, p.Store, &d, "distribution "+fleet.Clean(string(name), 60)); err != nil {
		return err
	}
	if d.URL == "" || d.Track.None() {
		return fleet.Errorf(fleet.Refused, "Distribution %s follows nothing.", d.Name)
	}
	listing, err := p.list(ctx, d.URL, prefixes([]fleet.Distribution{d}))
	if err != nil {
		return explain(err)
	}
	if err := p.tell(ctx, d, listing); err != nil {
		return err
	}
	return p.settle(ctx, d.URL, nil)
}

// read reads a URL for all who track it and tells each what it showed. The
// error is the repository's; faults of ours are logged, and made good for by
// the next turn.
func (p *Poller) read(ctx context.Context, url string, dists []fleet.Distribution) error {
	listing, err := p.list(ctx, url, prefixes(dists))
	p.hosts.heard(hostOf(url), err, p.interval()/breakPart)
	for _, d := range dists {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			p.note(ctx, url, p.News.Failing(ctx, d.Name, reason(err)))
			continue
		}
		if problem := p.tell(ctx, d, listing); fleet.CodeOf(problem) == fleet.NotFound {
			p.note(ctx, url, p.News.Failing(ctx, d.Name, reason(problem)))
		} else {
			p.note(ctx, url, problem)
		}
	}
	return err
}

func (p *Poller) list(ctx context.Context, url string, prefixes []string) (mirror.Listing, error) {
	ctx, cancel := context.WithTimeout(ctx, listTime)
	defer cancel()
	return p.Refs.List(ctx, p.repo(url), prefixes)
}

func (p *Poller) repo(url string) mirror.Repo {
	r := mirror.Repo{URL: url}
	if p.Credential != nil {
		r.Credential = p.Credential(url)
	}
	return r
}

// tell hands what a repository showed to News and builds what shall be built by
// itself. NotFound means that the tracked branch is not there.
func (p *Poller) tell(ctx context.Context, d fleet.Distribution, listing mirror.Listing) error {
	head, err := headOf(d, listing)
	if err != nil {
		return err
	}
	if err := p.describe(ctx, d, &head, listing); err != nil {
		return err
	}
	moved, err := p.News.Heard(ctx, head)
	if err != nil {
		return fmt.Errorf("record the head of %s: %w", d.Name, err)
	}
	if moved {
		p.Log.InfoContext(ctx, "a head moved", "dist", d.Name, "ref", fleet.Clean(head.Ref.Name, 200), "commit", head.Ref.Commit)
	}
	return p.build(ctx, d.Name)
}

// build orders the build of a waiting announcement for distributions that do so
// by themselves. It looks at every turn, not only after a move, so that a crash
// between announcing and ordering loses nothing. Rewritten history and moved
// tags always wait for a person.
func (p *Poller) build(ctx context.Context, name fleet.DistName) error {
	if p.Builder == nil {
		return nil
	}
	d := fleet.Distribution{Name: name}
	if found, err := p.Store.Read(ctx, &d); err != nil || !found[0] {
		return err
	}
	if d.Policy.Build != fleet.Automatic || d.News == 0 {
		return nil
	}
	a := fleet.Announcement{ID: fleet.NewsID(d.Name, d.News)}
	found, err := p.Store.Read(ctx, &a)
	if err != nil || !found[0] || a.State != fleet.NewsOpen || a.Rewritten {
		return err
	}
	if ripe, err := p.ripe(ctx, a); err != nil || !ripe {
		return err
	}
	_, err = p.Builder.Build(ctx, fleet.BuildOrder{Distribution: d.Name, Ref: a.To, News: a.ID,
		By: fleet.System("watcher"), Channel: a.Channel})
	if err != nil {
		return fmt.Errorf("order the build of %s: %w", a.ID, err)
	}
	return nil
}

// ripe reports whether an announcement counts as ready by the store's clock.
func (p *Poller) ripe(ctx context.Context, a fleet.Announcement) (bool, error) {
	if a.Ripe.IsZero() {
		return true, nil
	}
	now, err := p.now(ctx)
	return err == nil && !a.Ripe.After(now), err
}

// describe adds the commits since what is announced or known, if the head is
// about to move. Whatever fails, the announcement comes without them.
func (p *Poller) describe(ctx context.Context, d fleet.Distribution, head *fleet.Head, listing mirror.Listing) error {
	head.Total = -1
	cursor := fleet.Cursor{Distribution: d.Name}
	latest := fleet.Announcement{ID: fleet.NewsID(d.Name, d.News)}
	found, err := p.Store.Read(ctx, &cursor, &latest)
	if err != nil {
		return err
	}
	if !found[0] || head.Ref.Name == "" || cursor.Head.Commit == "" || cursor.Head.Commit == head.Ref.Commit {
		return nil
	}
	since := cursor.Head
	if found[1] && latest.Open() && latest.From.Commit != "" {
		since = latest.From
	}
	head.Since = since.Commit
	ref, ok := listing.Find(head.Ref.Name)
	if p.History == nil || !ok {
		return nil
	}
	commits, err := p.between(ctx, d.URL, since, ref)
	if err == nil && !head.Ref.IsTag() && since.Commit != cursor.Head.Commit {
		var last mirror.Commits // since the head that people were told of last
		last, err = p.between(ctx, d.URL, cursor.Head, ref)
		commits.Rewritten = commits.Rewritten || last.Rewritten
	}
	if err != nil {
		p.Log.InfoContext(ctx, "an announcement comes without its commits", "dist", d.Name, "err", err)
		return nil
	}
	if head.Note, err = p.History.Message(ctx, p.repo(d.URL), ref); err != nil {
		p.Log.InfoContext(ctx, "an announcement comes without the tag's message", "dist", d.Name, "err", err)
	}
	head.Total, head.Rewritten = commits.Total, commits.Rewritten && !head.Ref.IsTag()
	for _, c := range commits.List {
		head.Commits = append(head.Commits, fleet.Commit{Hash: c.Hash, At: c.At,
			Author: fleet.Clean(c.Author, 100), Subject: fleet.Clean(c.Subject, 200)})
	}
	return nil
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

// prefixes is what to ask a server for, for all who track a URL. Of an
// expression that cannot be compiled nothing narrows it down; headOf refuses it.
func prefixes(dists []fleet.Distribution) []string {
	var out []string
	for _, d := range dists {
		for _, prefix := range prefixesOf(d) {
			if !slices.Contains(out, prefix) {
				out = append(out, prefix)
			}
		}
	}
	return out
}

func prefixesOf(d fleet.Distribution) []string {
	if d.Track.Branch != "" {
		return []string{"refs/heads/" + d.Track.Branch}
	}
	chooser, err := d.Chooser()
	switch {
	case err == nil && chooser.Expr() != nil:
		return []string{mirror.TagPrefix(chooser.Expr())}
	case err != nil || len(chooser.Starts()) == 0:
		return []string{"refs/tags/"}
	}
	var out []string
	for _, start := range chooser.Starts() {
		out = append(out, "refs/tags/"+start)
	}
	return out
}
