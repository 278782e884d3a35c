package fleet

import (
	"context"
	"slices"
	"strings"
)

// Pin pins a site with a reason, or unpins it when the reason is empty.
func (ss *Sites) Pin(ctx context.Context, uri URI, reason string, who Actor) (Site, error) {
	reason = Clean(reason, 200)
	return ss.change(ctx, uri, func(tx Tx, s *Site) bool {
		if s.Pinned == reason {
			return false
		}
		s.Pinned = reason
		if reason == "" {
			tx.Emit(audited(tx, who, "site.unpinned", string(uri)))
		} else {
			tx.Emit(audited(tx, who, "site.pinned", string(uri), "reason", reason))
		}
		return true
	})
}

// Tag adds and removes tags.
func (ss *Sites) Tag(ctx context.Context, uri URI, add, remove []string, who Actor) (Site, error) {
	if _, err := EditTags(nil, add, nil); err != nil {
		return Site{}, err
	}
	return ss.change(ctx, uri, func(tx Tx, s *Site) bool {
		tags, err := EditTags(s.Tags, add, remove)
		if err != nil || slices.Equal(tags, s.Tags) {
			return false
		}
		s.Tags = tags
		tx.Emit(audited(tx, who, "site.tagged", string(uri), "tags", strings.Join(tags, " ")))
		return true
	})
}

func (ss *Sites) change(ctx context.Context, uri URI, edit func(Tx, *Site) bool) (Site, error) {
	var out Site
	err := ss.Store.Update(ctx, Catalogue, func(tx Tx) error {
		s, err := mustSite(tx, uri)
		if err != nil {
			return err
		}
		if edit(tx, &s) {
			tx.Put(&s)
		}
		out = s
		return nil
	})
	return out, err
}

// EditTags is the rule of a site's tags: in order, each once whatever its
// case, at most 20.
func EditTags(have, add, remove []string) ([]string, error) {
	drop := func(t string) bool {
		return slices.ContainsFunc(remove, func(r string) bool { return strings.EqualFold(r, t) })
	}
	var out []string
	for _, t := range slices.Concat(have, add) {
		if err := CheckTag(t); err != nil {
			return have, err
		}
		if !drop(t) && !slices.ContainsFunc(out, func(o string) bool { return strings.EqualFold(o, t) }) {
			out = append(out, t)
		}
	}
	if len(out) > 20 {
		return have, Errorf(Invalid, "A site has at most 20 tags.")
	}
	slices.SortFunc(out, func(a, b string) int { return strings.Compare(fold(a), fold(b)) })
	return out, nil
}
