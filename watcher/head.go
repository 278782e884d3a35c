package watcher

import (
	"strings"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/internal/mirror"
)

// maxTags is how many matching tags are handed on, the best ones; fleet keeps
// no more.
const maxTags = 500

// headOf picks out of a listing what a distribution tracks. An expression that
// matches nothing gives a head without a ref: the first tag may be yet to come.
// A branch that is not there is NotFound.
func headOf(d fleet.Distribution, listing mirror.Listing) (fleet.Head, error) {
	head := fleet.Head{Distribution: d.Name, Rules: d.Rules}
	if d.Track.Branch != "" {
		ref, ok := listing.Find("refs/heads/" + d.Track.Branch)
		if !ok {
			return head, fleet.Errorf(fleet.NotFound, "The repository has no branch %s (any more).", fleet.Clean(d.Track.Branch, 100))
		}
		head.Ref = refOf(ref)
		return head, nil
	}
	chooser, err := d.Chooser()
	if err != nil {
		return head, err
	}
	tags := tagsOf(listing)
	names := make([]string, 0, len(tags))
	for name := range tags {
		names = append(names, name)
	}
	matching := chooser.Matching(names)
	if len(matching) == 0 {
		return head, nil
	}
	head.Ref = refOf(tags[matching[0]])
	head.Tags = map[string]string{}
	for _, name := range matching[:min(len(matching), maxTags)] {
		head.Tags[name] = tags[name].Commit()
	}
	return head, nil
}

// tagsOf gives the tags of a listing by their short names.
func tagsOf(listing mirror.Listing) map[string]mirror.Ref {
	tags := map[string]mirror.Ref{}
	for _, r := range listing.Refs {
		if name, ok := strings.CutPrefix(r.Name, "refs/tags/"); ok {
			tags[name] = r
		}
	}
	return tags
}

func refOf(r mirror.Ref) fleet.Ref {
	ref := fleet.Ref{Name: r.Name, Hash: r.Hash, Commit: r.Commit()}
	if ref.IsTag() {
		ref.Version = ref.Short()
	}
	return ref
}
