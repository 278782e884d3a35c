package fleet

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"time"
)

// A Risk is what advisories say of one platform, worked out once for whoever
// only counts: the digest, App Home, alarms and trends read it instead of every
// package and advisory.
type Risk struct {
	Platform  PlatformName `json:"platform"`
	Rev       string       `json:"rev"`                 // of the sources it was worked out from
	Exposures []Exposure   `json:"exposures,omitempty"` // the worst first, at most MaxExposures
	At        time.Time    `json:"at"`
}

// Key implements Record.
func (r *Risk) Key() Key { return Key{Feeds, "risk", string(r.Platform)} }

// Entries implements Record: all of them, by name.
func (r *Risk) Entries() []Entry { return []Entry{{Index: allRisks, Member: string(r.Platform)}} }

var allRisks = Index{Feeds, "risks"}

// Holes gives the certain exposures to holes, the worst first.
func (r Risk) Holes() []Exposure {
	return slices.DeleteFunc(slices.Clone(r.Exposures), func(e Exposure) bool { return !e.Known() })
}

func riskRow(r *Risk, name string) { r.Platform = PlatformName(name) }

// rev tells one state of the sources from another.
func (l Library) rev() string {
	h := sha256.New()
	for _, f := range l.Feeds {
		fmt.Fprintf(h, "%s %d\n", f.Name, f.Rev)
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// Assess works out the risk of every ready platform again for which it is not
// known, or known from older advisories, and forgets those of platforms that are
// gone. It returns how many rows it wrote.
func (as *Advisories) Assess(ctx context.Context) (int, error) {
	feeds, err := as.Feeds(ctx)
	if err != nil {
		return 0, err
	}
	plats, _, err := (&Catalog{Store: as.Store}).lookAtPlatforms(ctx)
	if err != nil {
		return 0, err
	}
	plats = slices.DeleteFunc(plats, func(p Platform) bool { return p.State != PlatformReady || len(feeds) == 0 })
	known, err := as.risks(ctx)
	if err != nil {
		return 0, err
	}
	rev, written := Library{Feeds: feeds}.rev(), 0
	var library Library
	for _, p := range plats {
		old, found := known[p.Name]
		delete(known, p.Name)
		if found && old.Rev == rev {
			continue
		}
		if library.by == nil {
			if library, err = as.Library(ctx); err != nil {
				return written, err
			}
			rev = library.rev()
		}
		if err := as.assess(ctx, library, p); err != nil {
			return written, err
		}
		written++
	}
	for name := range known {
		if err := as.forgetRisk(ctx, name); err != nil {
			return written, err
		}
		written++
	}
	return written, nil
}

// assess writes what a library says of one platform.
func (as *Advisories) assess(ctx context.Context, l Library, p Platform) error {
	facts := PlatformFacts{Platform: p.Name}
	if _, err := as.Store.Read(ctx, &facts); err != nil && CodeOf(err) != Tampered {
		return err
	}
	return as.Store.Update(ctx, Feeds, func(tx Tx) error {
		r := Risk{Platform: p.Name}
		if _, err := tx.Get(&r); err != nil && CodeOf(err) != Tampered {
			return err
		}
		r = Risk{Platform: p.Name, Rev: l.rev(), Exposures: l.MatchAll(p.Kind, facts.Packages), At: tx.Now()}
		tx.Put(&r)
		return nil
	})
}

func (as *Advisories) forgetRisk(ctx context.Context, name PlatformName) error {
	return as.Store.Update(ctx, Feeds, func(tx Tx) error {
		r := Risk{Platform: name}
		if found, err := tx.Get(&r); err != nil || !found {
			return err
		}
		tx.Delete(&r)
		return nil
	})
}

// risks reads all rows, by platform.
func (as *Advisories) risks(ctx context.Context) (map[PlatformName]Risk, error) {
	names, err := as.Store.List(ctx, allRisks, Page{})
	if err != nil || len(names) == 0 {
		return nil, err
	}
	rows, _, err := soundRows(ctx, as.Store, names, riskRow)
	out := make(map[PlatformName]Risk, len(rows))
	for _, r := range rows {
		out[r.Platform] = r
	}
	return out, err
}

// A Peril says how exposed the sites of one distribution are.
type Peril struct {
	Distribution DistName
	Sites        int            // that are exposed to a hole that is known of
	On           []PlatformName // the platforms they are on, by name
	Holes        []Exposure     // each once, the worst first
	Mended       int            // of them, those that its target does not have; -1: it has no target
	counts       map[string]int // sites by hole
}

// Worst is the worst severity among the holes.
func (p Peril) Worst() Severity {
	if len(p.Holes) == 0 {
		return ""
	}
	return p.Holes[0].Severity
}

// Perils tells, by distribution, which sites are exposed; distributions without
// an exposed site are left out. Nothing but counts of sites is read besides.
func (as *Advisories) Perils(ctx context.Context) (map[DistName]Peril, error) {
	risks, err := as.risks(ctx)
	if err != nil || len(risks) == 0 {
		return nil, err
	}
	plats, _, err := (&Catalog{Store: as.Store}).lookAtPlatforms(ctx)
	if err != nil {
		return nil, err
	}
	plats = slices.DeleteFunc(plats, func(p Platform) bool { return len(risks[p.Name].Holes()) == 0 })
	ixs := make([]Index, len(plats))
	for i, p := range plats {
		ixs[i] = SitesOf(p.Name)
	}
	if len(ixs) == 0 {
		return nil, nil
	}
	counts, err := as.Store.Count(ctx, ixs...)
	if err != nil {
		return nil, err
	}
	dists, _, err := (&Catalog{Store: as.Store}).Look(ctx)
	if err != nil {
		return nil, err
	}
	out := map[DistName]Peril{}
	for i, p := range plats {
		if counts[i] > 0 {
			out[p.Distribution] = out[p.Distribution].with(p.Name, counts[i], risks[p.Name].Holes())
		}
	}
	for _, d := range dists {
		if p, ok := out[d.Name]; ok {
			out[d.Name] = p.against(d, risks)
		}
	}
	return out, nil
}

// with adds a platform with its sites.
func (p Peril) with(on PlatformName, sites int, holes []Exposure) Peril {
	if p.counts == nil {
		p.counts, p.Mended = map[string]int{}, -1
	}
	p.Sites += sites
	p.On = append(p.On, on)
	for _, e := range holes {
		if p.counts[e.key()] == 0 {
			p.Holes = append(p.Holes, e)
		}
		p.counts[e.key()] += sites
	}
	slices.SortStableFunc(p.Holes, func(a, b Exposure) int { return worse(a.Advisory, b.Advisory) })
	return p
}

// against counts the holes that the upgrade target does not have.
func (p Peril) against(d Distribution, risks map[PlatformName]Risk) Peril {
	p.Distribution = d.Name
	target, known := risks[d.Target]
	if d.Target == "" || !known {
		return p
	}
	left := map[string]bool{}
	for _, e := range target.Holes() {
		left[e.key()] = true
	}
	p.Mended = 0
	for _, e := range p.Holes {
		p.Mended += bit(!left[e.key()])
	}
	return p
}
