package watcher

import (
	"context"
	"slices"
	"strings"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/internal/mirror"
)

var _ fleet.Prober = (*Poller)(nil)

// Resolve implements fleet.Prober: what a short branch or tag name points to
// now. "" is the best of what d tracks, or the default branch if it tracks
// nothing. Of a tag and a branch of one name the tag is meant, as git has it,
// unless the branch is what d tracks.
func (p *Poller) Resolve(ctx context.Context, d fleet.Distribution, name string) (fleet.Ref, error) {
	p.setUp()
	if d.URL == "" {
		return fleet.Ref{}, fleet.Errorf(fleet.Refused, "Distribution %s has no repository.", d.Name).
			WithHint("Its platforms are assigned by hand.")
	}
	if name == "" {
		return p.resolveTracked(ctx, d)
	}
	if len(name) > fleet.MaxVersion || fleet.Clean(name, 2*fleet.MaxVersion) != name {
		return fleet.Ref{}, fleet.Errorf(fleet.Invalid, "%q cannot be the name of a branch or tag.", fleet.Clean(name, 60))
	}
	names := []string{"refs/tags/" + name, "refs/heads/" + name}
	if name == d.Track.Branch {
		slices.Reverse(names)
	}
	listing, err := p.list(ctx, d.URL, names)
	if err != nil {
		return fleet.Ref{}, explain(err)
	}
	for _, full := range names {
		if ref, ok := listing.Find(full); ok {
			return refOf(ref), nil
		}
	}
	return fleet.Ref{}, fleet.Errorf(fleet.NotFound, "The repository has no branch or tag %q.", fleet.Clean(name, 100))
}

func (p *Poller) resolveTracked(ctx context.Context, d fleet.Distribution) (fleet.Ref, error) {
	ask := []string{"HEAD"}
	if !d.Track.None() {
		if d.Track.Branch == "" {
			if _, err := d.Chooser(); err != nil {
				return fleet.Ref{}, err
			}
		}
		ask = prefixes([]fleet.Distribution{d})
	}
	listing, err := p.list(ctx, d.URL, ask)
	if err != nil {
		return fleet.Ref{}, explain(err)
	}
	if d.Track.None() {
		return defaultBranch(listing)
	}
	head, err := headOf(d, listing)
	if err != nil {
		return fleet.Ref{}, err
	}
	if head.Ref.Name == "" {
		return fleet.Ref{}, p.nothingMatches(ctx, d)
	}
	return head.Ref, nil
}

func defaultBranch(listing mirror.Listing) (fleet.Ref, error) {
	head, ok := listing.Find("HEAD")
	if !ok {
		return fleet.Ref{}, fleet.Errorf(fleet.NotFound, "The repository is empty.")
	}
	if head.Symref != "" {
		head.Name = head.Symref
	}
	return refOf(head), nil
}

// nothingMatches says that an expression matches no tag, and which there are.
func (p *Poller) nothingMatches(ctx context.Context, d fleet.Distribution) error {
	e := fleet.Errorf(fleet.NotFound, "No tag of the repository matches %q.", fleet.Clean(d.Track.Tags+d.Track.Versions, 200))
	listing, err := p.list(ctx, d.URL, []string{"refs/tags/"})
	if err != nil || len(listing.Refs) == 0 {
		return e.WithHint("It has no tags; track a branch instead, for example with --branch main.")
	}
	names := make([]string, 0, len(listing.Refs))
	for name := range tagsOf(listing) {
		names = append(names, fleet.Clean(name, 40))
	}
	slices.SortFunc(names, func(a, b string) int { return fleet.CompareTags(b, a) })
	if d.Track.Versions != "" {
		return e.WithHint("Pre-releases must be admitted, as in ^10.2@rc. The newest tags are %s.", strings.Join(names[:min(len(names), 5)], ", "))
	}
	return e.WithHint("The expression must match a whole tag, and name a word like rc to admit pre-releases. The newest tags are %s.",
		strings.Join(names[:min(len(names), 5)], ", "))
}
