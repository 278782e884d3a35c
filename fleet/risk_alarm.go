package fleet

import (
	"context"
	"fmt"
	"maps"
	"slices"
)

// A Lookback remembers which holes people were told of, by distribution, so that
// each is told once for the sites it hits: while they are exposed, the message
// is edited.
type Lookback struct {
	Distribution DistName            `json:"dist"`
	Told         map[string][]string `json:"told,omitempty"` // alarm ids to keys of advisories
	Said         map[string]string   `json:"said,omitempty"` // alarm ids to what was said last
}

// Key implements Record.
func (l *Lookback) Key() Key { return Key{Catalogue, "lookback", fold(string(l.Distribution))} }

// Entries implements Record.
func (l *Lookback) Entries() []Entry { return nil }

// Warn raises an alarm for holes that newly hit running sites, one for each
// distribution and reading; edits those whose sites have changed, and ends those
// that hit nothing any more. It returns how many it raised.
func (as *Advisories) Warn(ctx context.Context) (int, error) {
	perils, err := as.Perils(ctx)
	if err != nil {
		return 0, err
	}
	dists, _, err := (&Catalog{Store: as.Store}).Look(ctx)
	if err != nil {
		return 0, err
	}
	raised := 0
	for _, d := range dists {
		n, err := as.warn(ctx, d, perils[d.Name])
		if err != nil {
			return raised, err
		}
		raised += n
	}
	return raised, nil
}

// warn brings the alarms of one distribution up to date.
func (as *Advisories) warn(ctx context.Context, d Distribution, p Peril) (raised int, err error) {
	err = as.Store.Update(ctx, Catalogue, func(tx Tx) error {
		raised = 0
		l := Lookback{Distribution: d.Name}
		if _, err := tx.Get(&l); err != nil {
			return err
		}
		before := fmt.Sprint(l)
		fresh := p.holes(func(key string) bool { return !l.knows(key) })
		for _, id := range slices.Sorted(maps.Keys(l.Told)) {
			if err := l.renew(tx, id, d, p); err != nil {
				return err
			}
		}
		if len(fresh) > 0 {
			raised = 1
			if err := l.raise(tx, d, p, fresh); err != nil {
				return err
			}
		}
		if fmt.Sprint(l) != before {
			tx.Put(&l)
		}
		return nil
	})
	return raised, err
}

// knows reports whether people were told of a hole.
func (l Lookback) knows(key string) bool {
	for _, keys := range l.Told {
		if slices.Contains(keys, key) {
			return true
		}
	}
	return false
}

// holes gives the holes of a peril that a rule chooses.
func (p Peril) holes(chosen func(key string) bool) []Exposure {
	return slices.DeleteFunc(slices.Clone(p.Holes), func(e Exposure) bool { return !chosen(e.key()) })
}

// raise tells of holes that nobody was told of. In quiet hours people hear of it
// all the same: it is about security; a mute holds it back.
func (l *Lookback) raise(tx Tx, d Distribution, p Peril, fresh []Exposure) error {
	a := p.alarm(d, fresh)
	a.ID = "advisory/" + string(d.Name) + "/" + stampID(tx.Now())
	if held := d.Hush.Until(tx.Now(), true); !held.IsZero() {
		a.Held = held
	}
	if l.Told == nil {
		l.Told, l.Said = map[string][]string{}, map[string]string{}
	}
	for _, e := range fresh {
		l.Told[a.ID] = append(l.Told[a.ID], e.key())
	}
	l.Said[a.ID] = a.Title + a.Text
	if found, err := tx.Get(&Alarm{ID: a.ID}); found || err != nil {
		return err
	}
	a.At = tx.Now()
	tx.Put(&a)
	tx.Emit(a.notice(!a.Held.IsZero()), audited(tx, System("watcher"), "alarm.raised", a.About, "alarm", a.ID, "text", clip(a.Text, 300)))
	return nil
}

// renew says how it stands with the holes of one alarm; once none of them hits a
// site, it is over and forgotten: a hole that comes back is told of again.
func (l *Lookback) renew(tx Tx, id string, d Distribution, p Peril) error {
	now := p.holes(func(key string) bool { return slices.Contains(l.Told[id], key) })
	if len(now) == 0 {
		delete(l.Told, id)
		delete(l.Said, id)
		return endAlarm(tx, id)
	}
	a := Alarm{ID: id}
	if found, err := tx.Get(&a); err != nil || !found {
		return err
	}
	next := p.alarm(d, now)
	if said := next.Title + next.Text; said != l.Said[id] {
		l.Said[id] = said
		a.Title, a.Text, a.Tone, a.Buttons = next.Title, next.Text, next.Tone, next.Buttons
		tx.Put(&a)
		tx.Emit(a.notice(true))
	}
	return nil
}

// tellHoles is how many holes an alarm names.
const tellHoles = 5

// alarm words what some holes mean for the sites of a distribution.
func (p Peril) alarm(d Distribution, holes []Exposure) Alarm {
	all := make([]Severity, len(holes))
	sites := 0
	for i, e := range holes {
		all[i] = e.Severity
		sites = max(sites, p.counts[e.key()])
	}
	a := Alarm{About: string(d.Name), Channel: d.Policy.Channel, Tone: Warn, Title: fmt.Sprintf("%s: %s, %s", d.Name, tellSeverities(all), tellExposed(sites))}
	if holes[0].Severity == Critical || holes[0].Severity == High {
		a.Tone = Bad
	}
	var named []string
	for _, e := range holes[:min(len(holes), tellHoles)] {
		named = append(named, e.told())
	}
	a.Text = listing(named)
	if more := len(holes) - tellHoles; more > 0 {
		a.Text += fmt.Sprintf("; and %d more", more)
	}
	a.Text += ". The sites are on " + tellList(p.On, tellSites) + "."
	switch {
	case p.Mended > 0:
		a.Text += fmt.Sprintf(" The upgrade target %s mends %d of %s.", d.Target, p.Mended, Plural(len(p.Holes), "advisory", "advisories"))
		a.Buttons = []Button{{Action: ActUpgrade, Label: clip("Compare and upgrade "+string(d.Name), 75), Value: string(d.Name)}}
	case p.Mended == 0:
		a.Text += " The upgrade target has the same holes, so a newer version is needed."
	}
	a.Text += " All of them: " + Slash + " advisories " + string(d.Name)
	return a
}

// told is one hole in a line of text: "critical CVE-2026-1 in views 7.x-3.1".
func (e Exposure) told() string {
	how := string(e.Severity)
	if how != "" {
		how += " "
	}
	return how + e.Name() + " in " + Clean(e.Package, 60) + " " + Clean(e.Version, 30)
}
