package fleet

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"strings"
	"time"
)

// Watch says which sources are set now. Others are no longer read or shown, and
// what they said is dropped.
func (as *Advisories) Watch(ctx context.Context, names []string) error {
	known, err := as.Store.List(ctx, AllFeeds, Page{})
	if err != nil {
		return err
	}
	for _, name := range names[:min(len(names), MaxFeeds)] {
		err := as.Store.Update(ctx, Feeds, func(tx Tx) error {
			f := Feed{Name: name}
			if found, err := tx.Get(&f); err != nil || found && f.Watched {
				return err
			}
			f.Watched = true
			tx.Put(&f)
			return nil
		})
		if err != nil {
			return err
		}
	}
	for _, name := range known {
		if slices.Contains(names, name) {
			continue
		}
		if err := as.drop(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

// drop forgets a source with its pages.
func (as *Advisories) drop(ctx context.Context, name string) error {
	return as.Store.Update(ctx, Feeds, func(tx Tx) error {
		f := Feed{Name: name}
		if found, err := tx.Get(&f); err != nil || !found {
			return err
		}
		for _, id := range f.Pages {
			p := FeedPage{ID: id}
			if found, err := tx.Get(&p); err != nil {
				return err
			} else if found {
				tx.Delete(&p)
			}
		}
		tx.Delete(&f)
		return nil
	})
}

// Begin moves a source's time on if it is due; the one whose commit does it
// reads. If that one dies over it, the source is read again after lease.
func (as *Advisories) Begin(ctx context.Context, name string, lease time.Duration) (f Feed, mine bool, err error) {
	err = as.Store.Update(ctx, Feeds, func(tx Tx) error {
		f, mine = Feed{Name: name}, false
		found, err := tx.Get(&f)
		if err != nil || !found || !f.Watched || f.Next.After(tx.Now()) {
			return err
		}
		mine, f.Next = true, tx.Now().Add(lease)
		tx.Put(&f)
		return nil
	})
	return f, mine && err == nil, err
}

// Page reads what is kept of a document; an empty one if nothing is.
func (as *Advisories) Page(ctx context.Context, id string) (FeedPage, error) {
	p := FeedPage{ID: id}
	_, err := as.Store.Read(ctx, &p)
	if CodeOf(err) == Tampered { // it is read anew and written over
		return FeedPage{ID: id}, nil
	}
	return p, err
}

// Keep writes what a document says now.
func (as *Advisories) Keep(ctx context.Context, p FeedPage) error {
	p.Advisories = p.Advisories[:min(len(p.Advisories), MaxPageAdvs)]
	return as.Store.Update(ctx, Feeds, func(tx Tx) error {
		old := FeedPage{ID: p.ID}
		if _, err := tx.Get(&old); err != nil {
			return err
		}
		p.At = tx.Now()
		tx.Put(&p)
		return nil
	})
}

// A Reading is how the reading of a source went.
type Reading struct {
	Pages   []string // what it consists of now, also what was not changed; nil keeps what it was
	Count   int      // advisories in all of them
	Skipped int      // that nobody could make out
	Changed bool     // a page says something else than before
	Failure string   // why not all of it could be read, one sentence; "" when it could
	Again   time.Duration
}

// Settle records how a reading went; a page that is no longer part of the
// source is dropped.
func (as *Advisories) Settle(ctx context.Context, name string, r Reading) error {
	return as.Store.Update(ctx, Feeds, func(tx Tx) error {
		f := Feed{Name: name}
		if found, err := tx.Get(&f); err != nil || !found {
			return err
		}
		f.Tried, f.Next, f.Failing = tx.Now(), tx.Now().Add(r.Again), Clean(r.Failure, 300)
		if f.Fails++; r.Failure == "" {
			f.Checked, f.Fails = tx.Now(), 0
		}
		if r.Pages != nil {
			if err := dropPages(tx, f.Pages, r.Pages); err != nil {
				return err
			}
			r.Changed = r.Changed || !slices.Equal(f.Pages, r.Pages)
			f.Pages, f.Count, f.Skipped = r.Pages, r.Count, r.Skipped
		}
		f.Rev += int64(bit(r.Changed))
		tx.Put(&f)
		return nil
	})
}

func dropPages(tx Tx, old, now []string) error {
	for _, id := range old {
		if slices.Contains(now, id) {
			continue
		}
		p := FeedPage{ID: id}
		if found, err := tx.Get(&p); err != nil {
			return err
		} else if found {
			tx.Delete(&p)
		}
	}
	return nil
}

// A Stocked is what is installed of one ware: its versions, anywhere in the fleet.
type Stocked map[Ware][]string

// Stocked gives what sources are asked about: every ware of every ready
// platform.
func (as *Advisories) Stocked(ctx context.Context) (Stocked, error) {
	plats, _, err := (&Catalog{Store: as.Store}).lookAtPlatforms(ctx)
	if err != nil {
		return nil, err
	}
	out := Stocked{}
	for _, p := range plats {
		if p.State != PlatformReady {
			continue
		}
		facts := PlatformFacts{Platform: p.Name}
		if _, err := as.Store.Read(ctx, &facts); CodeOf(err) == Tampered {
			continue
		} else if err != nil {
			return nil, err
		}
		for _, pkg := range facts.Packages {
			for _, w := range Wares(p.Kind, pkg) {
				if !slices.Contains(out[w], pkg.Version) {
					out[w] = append(out[w], pkg.Version)
				}
			}
		}
	}
	return out, nil
}

// In lists the wares of a world by name.
func (s Stocked) In(world string) []Ware {
	var out []Ware
	for w := range s {
		if got, _ := w.Cut(); got == world {
			out = append(out, w)
		}
	}
	slices.Sort(out)
	return out
}

// Digest tells two sets of wares apart, whatever their versions.
func (s Stocked) Digest() string {
	h := sha256.New()
	for _, w := range slices.Sorted(maps.Keys(s)) {
		h.Write([]byte(strings.ReplaceAll(string(w), "\n", " ") + "\n"))
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}
