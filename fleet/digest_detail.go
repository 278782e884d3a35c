package fleet

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// A DistDetail is what a digest knows of one distribution beside its sites.
type DistDetail struct {
	Cursor   Cursor
	Target   Platform
	Security bool // the target says that it mends a security hole
}

// detail reads what is known of each distribution, by name.
func (n *Narrator) detail(ctx context.Context, standings []Standing) (map[DistName]DistDetail, error) {
	names, err := n.Store.List(ctx, AllDistributions, Page{})
	if err != nil || len(names) == 0 {
		return nil, err
	}
	cursors, news := make([]Cursor, len(names)), make([]Announcement, 0, len(standings))
	var recs []Record
	for i, d := range names {
		cursors[i].Distribution = DistName(d)
		recs = append(recs, &cursors[i])
	}
	if _, err := n.Store.Read(ctx, recs...); err != nil {
		return nil, err
	}
	targets, err := n.targets(ctx, standings)
	if err != nil {
		return nil, err
	}
	out := make(map[DistName]DistDetail, len(names))
	for _, c := range cursors {
		out[c.Distribution] = DistDetail{Cursor: c}
	}
	recs = nil
	for _, s := range standings {
		d := out[s.Distribution.Name]
		d.Target = targets[s.Distribution.Target]
		out[s.Distribution.Name] = d
		if d.Target.News != "" && s.OutOfDate > 0 {
			news = append(news, Announcement{ID: d.Target.News})
			recs = append(recs, &news[len(news)-1])
		}
	}
	if len(recs) > 0 {
		if _, err := n.Store.Read(ctx, recs...); err != nil {
			return nil, err
		}
	}
	for _, a := range news {
		if d, ok := out[a.Distribution]; ok && a.Security {
			d.Security = true
			out[a.Distribution] = d
		}
	}
	return out, nil
}

// targets reads the targets of distributions, by name.
func (n *Narrator) targets(ctx context.Context, standings []Standing) (map[PlatformName]Platform, error) {
	names := make([]string, len(standings))
	for i, s := range standings {
		names[i] = string(s.Distribution.Target)
	}
	rows, _, err := soundRows(ctx, n.Store, names, platformRow)
	if err != nil {
		return nil, err
	}
	out := make(map[PlatformName]Platform, len(rows))
	for _, p := range rows {
		out[p.Name] = p
	}
	return out, nil
}

// places reads where sites are: those of each distribution, platforms that can
// go, and hosts of which nothing was heard for some time before at.
func (n *Narrator) places(ctx context.Context, v *DigestView, at time.Time) error {
	plats, bad, err := (&Catalog{Store: n.Store}).lookAtPlatforms(ctx)
	v.Distrusted = append(v.Distrusted, bad...)
	if err != nil || len(plats) == 0 {
		return err
	}
	ixs := make([]Index, len(plats))
	for i, p := range plats {
		ixs[i] = SitesOf(p.Name)
	}
	counts, err := n.Store.Count(ctx, ixs...)
	if err != nil {
		return err
	}
	v.All = map[DistName]int{}
	inUse := map[HostName]bool{}
	for i, p := range plats {
		v.All[p.Distribution] += counts[i]
		for h := range p.Paths {
			inUse[h] = inUse[h] || counts[i] > 0
		}
	}
	n.idle(ctx, v, plats, counts)
	return n.silent(ctx, v, inUse, at)
}

// idle adds the old platforms that can go, of distributions with a target. Where
// it cannot be told what needs one, none is offered.
func (n *Narrator) idle(ctx context.Context, v *DigestView, plats []Platform, counts []int) {
	of := map[DistName][]PlatformCount{}
	for i, p := range plats {
		of[p.Distribution] = append(of[p.Distribution], PlatformCount{Platform: p, Sites: counts[i]})
	}
	catalog := &Catalog{Store: n.Store}
	for _, s := range v.Standings {
		if s.Distribution.Target == "" {
			continue
		}
		if list := surplus(s.Distribution, of[s.Distribution.Name]); len(list) > 0 {
			if list, err := catalog.unneeded(ctx, s.Distribution.Name, list); err == nil {
				v.Idle = append(v.Idle, list...)
			}
		}
	}
	slices.Sort(v.Idle)
}

// silent adds the hosts with sites whose workers are not heard of.
func (n *Narrator) silent(ctx context.Context, v *DigestView, inUse map[HostName]bool, at time.Time) error {
	hosts, err := listRows(ctx, n.Store, AllHosts, func(h *Host, name string) { h.Name = HostName(name) })
	if err != nil {
		return err
	}
	for _, h := range hosts {
		if inUse[h.Name] && h.Silent(at, HostSilent) {
			v.Silent = append(v.Silent, h)
		}
	}
	return nil
}

// ready says for how many days there has been the target: ", ready for 3 days".
func (v DigestView) ready(name DistName) string {
	at := v.Details[name].Target.Ready
	if at.IsZero() || v.At.IsZero() || v.At.Sub(at) < 24*time.Hour {
		return ""
	}
	return ", ready for " + Plural(int(v.At.Sub(at)/(24*time.Hour)), "day", "days")
}

// lag says how far sites are behind: by how many versions at most, whether the
// target mends a security hole, and when the repository was read.
func (v DigestView) lag(s Standing) []Span {
	d := v.Details[s.Distribution.Name]
	var out []Span
	if n := versionsBehind(d, s.Behind); n > 1 {
		out = append(out, Span{Text: fmt.Sprintf(" Up to %d versions behind.", n)})
	}
	if d.Security {
		out = append(out, Span{Text: " 🔒 "}, Bold("The target says that it mends a security hole."))
	}
	if c := d.Cursor; !c.Checked.IsZero() && c.Failing == "" {
		out = append(out, Span{Text: " Last checked "}, When(c.Checked), Span{Text: "."})
	}
	return out
}

// versionsBehind counts the known versions after the oldest platform with sites,
// up to the target's.
func versionsBehind(d DistDetail, behind []PlatformCount) int {
	if !d.Target.Ref.IsTag() {
		return 0
	}
	oldest := ""
	for _, b := range behind {
		if r := b.Platform.Ref; r.IsTag() && (oldest == "" || CompareTags(r.Short(), oldest) < 0) {
			oldest = r.Short()
		}
	}
	if oldest == "" {
		return 0
	}
	n := 0
	for tag := range d.Cursor.Tags {
		n += bit(CompareTags(tag, oldest) > 0 && CompareTags(tag, d.Target.Ref.Short()) <= 0)
	}
	return n
}

// heartbeat says when the repositories were read, the longest ago first, so that
// silence is seen to be no news rather than no look.
func (v DigestView) heartbeat() []Line {
	var read []Cursor
	for _, d := range v.Details {
		if !d.Cursor.Checked.IsZero() {
			read = append(read, d.Cursor)
		}
	}
	var out []Line
	if len(v.Idle) > 0 {
		out = append(out, Item(Plural(len(v.Idle), "old platform has", "old platforms have"), " no sites and can go: ", tellList(v.Idle, 5), ". ",
			Mono(fmt.Sprintf("%s retire PLATFORM", Slash))))
	}
	if len(read) == 0 {
		return out
	}
	slices.SortFunc(read, func(a, b Cursor) int {
		if c := a.Checked.Compare(b.Checked); c != 0 {
			return c
		}
		return strings.Compare(string(a.Distribution), string(b.Distribution))
	})
	first := read[0]
	if len(read) == 1 {
		return append(out, Item(fmt.Sprintf("The repository of %s was last read ", first.Distribution), When(first.Checked), "."))
	}
	return append(out, Item(fmt.Sprintf("%d repositories are followed; the one of %s was read longest ago, ", len(read), first.Distribution),
		When(first.Checked), "."))
}
