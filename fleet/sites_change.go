package fleet

import (
	"context"
	"slices"
	"strconv"
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

// maxPriority bounds the priority of a site, both ways.
const maxPriority = 1000

// Prioritise says how early a site is moved: plans move those with the highest
// number first.
func (ss *Sites) Prioritise(ctx context.Context, uri URI, n int64, who Actor) (Site, error) {
	if n < -maxPriority || n > maxPriority {
		return Site{}, Errorf(Invalid, "A priority is a number from %d to %d.", -maxPriority, maxPriority)
	}
	return ss.change(ctx, uri, func(tx Tx, s *Site) bool {
		if s.Priority == n {
			return false
		}
		s.Priority = n
		tx.Emit(audited(tx, who, "site.priority", string(uri), "priority", strconv.FormatInt(n, 10)))
		return true
	})
}

// Window says when a site may be moved, as ParseWindow reads it, and in which
// zone it is. "" is what its distribution says, and no zone of its own. Plans
// under way look at it again.
func (ss *Sites) Window(ctx context.Context, uri URI, window, zone string, who Actor) (Site, error) {
	if _, err := ParseZone(zone); err != nil {
		return Site{}, err
	}
	if _, err := ParseWindow(window, zone); err != nil {
		return Site{}, err
	}
	var out Site
	err := ss.Store.Update(ctx, Catalogue, func(tx Tx) error {
		s, err := mustSite(tx, uri)
		if err != nil {
			return err
		}
		p := Platform{Name: s.Platform}
		if _, err := tx.Get(&p); err != nil {
			return err
		}
		if out = s; s.Window == window && s.Zone == zone {
			return nil
		}
		out.Window, out.Zone = window, zone
		tx.Put(&out)
		tx.Emit(audited(tx, who, "site.window", string(uri), "window", window, "zone", zone))
		if p.Distribution != "" {
			tx.Emit(Effect{Review: p.Distribution})
		}
		return nil
	})
	return out, err
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
