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
	if err := p.tell(ctx, d, listing, true); err != nil {
		return err
	}
	return p.settle(ctx, d.URL, nil)
}

// read reads a URL for all who track it and tells each what it showed. The
// error is the repository's; faults of ours are logged, and made good for by
// the next turn.
func (p *Poller) read(ctx context.Context, url string, dists []fleet.Distribution, hinted bool) error {
	listing, err := p.look(ctx, url, prefixes(dists), hinted)
	p.hosts.heard(hostOf(url), err, p.interval()/breakPart)
	for _, d := range dists {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			p.note(ctx, url, p.News.Failing(ctx, d.Name, reason(err)))
			continue
		}
		if problem := p.tell(ctx, d, listing, hinted); fleet.CodeOf(problem) == fleet.NotFound {
			p.note(ctx, url, p.News.Failing(ctx, d.Name, reason(problem)))
		} else {
			p.note(ctx, url, problem)
		}
	}
	return err
}

// look reads a URL, unless its forge says for nothing that all is as it was. A
// hint is older than what the forge's API may know, so it is not asked then.
func (p *Poller) look(ctx context.Context, url string, prefixes []string, hinted bool) (mirror.Listing, error) {
	if p.Forges == nil {
		return p.list(ctx, url, prefixes)
	}
	if !hinted {
		if listing, same := p.Forges.Unchanged(ctx, p.repo(url), prefixes); same {
			return listing, nil
		}
	}
	listing, err := p.list(ctx, url, prefixes)
	if err == nil {
		p.Forges.Learn(p.repo(url), prefixes, listing)
	}
	return listing, err
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
func (p *Poller) tell(ctx context.Context, d fleet.Distribution, listing mirror.Listing, hinted bool) error {
	head, err := headOf(d, listing)
	if err != nil {
		return err
	}
	latest, err := p.describe(ctx, d, &head, listing)
	if err != nil {
		return err
	}
	moved, err := p.News.Heard(ctx, head)
	if err != nil {
		return fmt.Errorf("record the head of %s: %w", d.Name, err)
	}
	if moved {
		p.Log.InfoContext(ctx, "a head moved", "dist", d.Name, "ref", fleet.Clean(head.Ref.Name, 200), "commit", head.Ref.Commit)
	}
	if !moved {
		p.note(ctx, d.URL, p.lateRelease(ctx, d, latest, hinted))
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
