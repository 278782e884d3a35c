package fleet

import (
	"context"
	"slices"
	"strings"
	"time"
)

// A DigestView is what a digest's message is made of.
type DigestView struct {
	Name      string // of the schedule; "" when it was asked for
	Zone      string
	At        time.Time
	Standings []Standing
	Sites     map[DistName][]URI // out-of-date sites by distribution that are not pinned, at most tellSites
	Pinned    []Site             // they stand apart: nothing offers them an upgrade
	Failing   []Cursor           // sources that cannot be read
	Held      []Task
	Details   map[DistName]DistDetail // of every distribution
	Idle      []PlatformName          // old platforms without sites
	Page      int                     // which part of the distributions, from 0
	All       map[DistName]int        // sites of each distribution, wherever they are
	Frozen    []Freeze                // that hold now, by their end
	Silent    []Host                  // with sites, and nothing was heard of them lately
	// Distrusted names distributions and platforms whose records were changed by
	// somebody without the key; nothing else tells of them.
	Distrusted []string
	Perils     map[DistName]Peril // whose sites are exposed
	Sources    Library            // of advisories: its Feeds alone
	Trend      Trend              // of the whole fleet, up to now
}

// nothing reports whether nothing is out of date and nothing needs a person.
func (v DigestView) nothing() bool {
	out := 0
	for _, s := range v.Standings {
		out += s.OutOfDate
	}
	return out+len(v.Perils)+len(v.Sources.failing())+len(v.Failing)+len(v.Held)+len(v.Pinned)+len(v.Silent)+len(v.Distrusted) == 0
}

// Digest tells what is out of date now, as a scheduled digest would; page counts
// from 0.
func (n *Narrator) Digest(ctx context.Context, at time.Time, page int) (Message, error) {
	v, err := n.digestView(ctx, page, at)
	v.At = at
	return TellDigest(v), err
}

// digest tells one issue of a schedule; the id is "NAME/TIME".
func (n *Narrator) digest(ctx context.Context, id string) (Message, error) {
	name, slot, _ := strings.Cut(id, "/")
	d := Digest{Name: name}
	if _, err := n.Store.Read(ctx, &d); err != nil {
		return Message{}, err
	}
	at := d.Last
	if t, err := time.Parse("2006-01-02T15:04", slot); err == nil && at.IsZero() {
		at = t
	}
	v, err := n.digestView(ctx, 0, at)
	if err != nil {
		return Message{}, err
	}
	v.Name, v.Zone, v.At = name, d.Zone, at
	m := TellDigest(v)
	if !v.nothing() {
		due, wrong := time.Parse("2006-01-02T15:04", slot)
		if wrong != nil {
			due = at
		}
		m.Pictures, err = n.chart(ctx, due)
	}
	return m, err
}

// digestView reads what a page of a digest is made of, as of a time.
func (n *Narrator) digestView(ctx context.Context, page int, at time.Time) (DigestView, error) {
	v := DigestView{Sites: map[DistName][]URI{}, Page: page}
	var err error
	if v.Standings, err = (&Catalog{Store: n.Store}).Standing(ctx); err != nil {
		return v, err
	}
	if _, v.Distrusted, err = (&Catalog{Store: n.Store}).Look(ctx); err != nil {
		return v, err
	}
	if v.Pinned, err = n.pinned(ctx); err != nil {
		return v, err
	}
	if v.Details, err = n.detail(ctx, v.Standings); err != nil {
		return v, err
	}
	if err = n.perils(ctx, &v); err != nil {
		return v, err
	}
	if err = n.trend(ctx, &v, at); err != nil {
		return v, err
	}
	shown, _, _ := v.onPage()
	for _, s := range shown {
		s.Behind = v.Perils[s.Distribution.Name].first(s.Behind)
		if v.Sites[s.Distribution.Name], err = n.behind(ctx, s, v.Pinned); err != nil {
			return v, err
		}
	}
	v.Failing = failing(v.Details)
	if v.Frozen, err = (&Freezer{Store: n.Store}).Active(ctx, at); err != nil {
		return v, err
	}
	if err = n.places(ctx, &v, at); err != nil {
		return v, err
	}
	v.Held, err = n.held(ctx)
	return v, err
}

// behind lists the first out-of-date sites of a distribution that are not
// pinned.
func (n *Narrator) behind(ctx context.Context, s Standing, pinned []Site) ([]URI, error) {
	apart := map[URI]bool{}
	for _, p := range pinned {
		apart[p.URI] = true
	}
	var out []URI
	for _, b := range s.Behind {
		here := pinnedOn(pinned, b)
		if len(out) >= tellSites || here == b.Sites {
			continue
		}
		uris, err := n.Store.List(ctx, SitesOf(b.Platform.Name), Page{Limit: tellSites - len(out) + here})
		if err != nil {
			return nil, err
		}
		for _, u := range uris {
			if !apart[URI(u)] && len(out) < tellSites {
				out = append(out, URI(u))
			}
		}
	}
	return out, nil
}

// pinnedOn counts the pinned sites on the platforms.
func pinnedOn(pinned []Site, on ...PlatformCount) int {
	n := 0
	for _, s := range pinned {
		n += bit(slices.ContainsFunc(on, func(b PlatformCount) bool { return b.Platform.Name == s.Platform }))
	}
	return n
}

// maxPinned bounds how many pinned sites a digest reads: more than that many
// failures wait for a person elsewhere already.
const maxPinned = 500

func (n *Narrator) pinned(ctx context.Context) ([]Site, error) {
	names, err := n.Store.List(ctx, PinnedSites, Page{Limit: maxPinned})
	if err != nil || len(names) == 0 {
		return nil, err
	}
	sites := make([]Site, len(names))
	recs := make([]Record, len(names))
	for i, u := range names {
		sites[i].URI = URI(u)
		recs[i] = &sites[i]
	}
	_, err = n.Store.Read(ctx, recs...)
	return slices.DeleteFunc(sites, func(s Site) bool { return s.Pinned == "" }), err
}

// failing gives the cursors of repositories that cannot be read, by name.
func failing(details map[DistName]DistDetail) []Cursor {
	var out []Cursor
	for _, d := range details {
		if d.Cursor.Failing != "" {
			out = append(out, d.Cursor)
		}
	}
	slices.SortFunc(out, func(a, b Cursor) int { return strings.Compare(string(a.Distribution), string(b.Distribution)) })
	return out
}

func (n *Narrator) held(ctx context.Context) ([]Task, error) {
	hosts, err := n.Store.List(ctx, AllHosts, Page{})
	if err != nil {
		return nil, err
	}
	var out []Task
	for _, h := range hosts {
		ids, err := n.Store.List(ctx, TasksHeld(HostName(h)), Page{Limit: tellSites})
		if err != nil {
			return nil, err
		}
		for _, id := range ids {
			t := Task{ID: TaskID(id), Host: HostName(h)}
			if _, err := n.Store.Read(ctx, &t); err != nil {
				return nil, err
			}
			if t.State == TaskHeld {
				out = append(out, t)
			}
		}
	}
	return out, nil
}
