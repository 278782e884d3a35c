package fleet

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Digests schedules lists of out-of-date sites.
type Digests struct {
	Store Store
	Clock Clockwork
}

// Set adds or changes a digest; its Next is computed here. One whose schedule
// stays the same keeps its next firing.
func (ds *Digests) Set(ctx context.Context, d Digest) (Digest, error) {
	d.Name, d.Channel, d.Spec = strings.TrimSpace(d.Name), strings.TrimSpace(d.Channel), strings.Join(strings.Fields(d.Spec), " ")
	d.Zone = cmp.Or(strings.TrimSpace(d.Zone), "UTC")
	if !distName.MatchString(d.Name) {
		return d, Errorf(Invalid, "%q cannot be the name of a digest.", clip(d.Name, 60)).
			WithHint("Use up to 40 letters, digits, dots, dashes and underscores, beginning with a letter or digit.")
	}
	if d.Channel == "" {
		return d, Errorf(Invalid, "A digest needs a channel.")
	}
	out := d
	err := ds.Store.Update(ctx, Schedules, func(tx Tx) error {
		old := Digest{Name: d.Name}
		found, err := tx.Get(&old)
		if err != nil {
			return err
		}
		out = d
		out.Next, out.Last = old.Next, old.Last
		if !found || old.Spec != d.Spec || old.Zone != d.Zone {
			if out.Next, err = ds.Clock.Next(d.Spec, d.Zone, tx.Now()); err != nil {
				return err
			}
		}
		tx.Put(&out)
		tx.Emit(digestAudit(tx, d.By, "digest.set", out))
		return nil
	})
	return out, err
}

// Remove removes a digest; NotFound if there is none.
func (ds *Digests) Remove(ctx context.Context, name string, who Actor) error {
	return ds.Store.Update(ctx, Schedules, func(tx Tx) error {
		d := Digest{Name: name}
		if found, err := tx.Get(&d); err != nil {
			return err
		} else if !found {
			return Errorf(NotFound, "There is no digest %s.", clip(name, 60)).WithHint("See those there are: %s digest list", Slash)
		}
		tx.Delete(&d)
		tx.Emit(digestAudit(tx, who, "digest.removed", d))
		return nil
	})
}

func digestAudit(tx Tx, who Actor, what string, d Digest) Effect {
	return Effect{Audit: &AuditEvent{At: tx.Now(), Who: who, What: what, About: d.Name,
		Detail: map[string]string{"spec": d.Spec, "zone": d.Zone, "channel": d.Channel}}}
}

// All lists the digests by name.
func (ds *Digests) All(ctx context.Context) ([]Digest, error) {
	names, err := ds.Store.List(ctx, DigestsDue, Page{})
	if err != nil || len(names) == 0 {
		return nil, err
	}
	rows, recs := make([]Digest, len(names)), make([]Record, len(names))
	for i, name := range names {
		rows[i].Name = name
		recs[i] = &rows[i]
	}
	found, err := ds.Store.Read(ctx, recs...)
	if err != nil {
		return nil, err
	}
	out := make([]Digest, 0, len(rows))
	for i, d := range rows {
		if found[i] {
			out = append(out, d)
		}
	}
	slices.SortFunc(out, func(a, b Digest) int { return strings.Compare(a.Name, b.Name) })
	return out, nil
}

// digestLate is how late a missed firing is still worth posting: after a night
// of downtime the morning's list is, after a day tomorrow's is nearer.
const digestLate = 12 * time.Hour

// digestPunctual is how late one may be that is not to be made up for: a pause
// of the bot for a restart is no miss.
const digestPunctual = 10 * time.Minute

// late is how late a firing of d is still worth posting.
func (d Digest) late() time.Duration {
	if d.Skip {
		return digestPunctual
	}
	return digestLate
}

// Fire fires every digest that is due, once over all replicas, and computes its
// next time. Of the firings missed while nothing ran the last counts, if it is
// less than twelve hours late. Returns how many fired. A digest that cannot be
// scheduled keeps no other from firing.
func (ds *Digests) Fire(ctx context.Context) (int, error) {
	var due []string
	err := ds.Store.Update(ctx, Schedules, func(tx Tx) (err error) {
		due, err = tx.List(DigestsDue, Page{To: tx.Now().UnixMilli()})
		return err
	})
	if err != nil {
		return 0, err
	}
	fired, failures := 0, []error(nil)
	for _, name := range due {
		ok, err := ds.fire(ctx, name)
		if err != nil {
			failures = append(failures, fmt.Errorf("digest %s: %w", name, err))
		}
		fired += bit(ok)
	}
	return fired, errors.Join(failures...)
}

// fire fires one digest if it still is due: the commit that moves Next on is
// the one that promises the message.
func (ds *Digests) fire(ctx context.Context, name string) (fired bool, err error) {
	idle, err := ds.nothing(ctx, name)
	if err != nil {
		return false, err
	}
	err = ds.Store.Update(ctx, Schedules, func(tx Tx) error {
		fired = false
		d := Digest{Name: name}
		found, err := tx.Get(&d)
		if err != nil || !found || d.Next.After(tx.Now()) {
			return err
		}
		slot, next, err := ds.after(d, tx.Now())
		if err != nil {
			return err
		}
		if fired = tx.Now().Sub(slot) < d.late() && !(d.Quiet && idle); fired {
			id := d.Name + "/" + wall(slot, d.Zone)
			tx.Emit(Effect{Notice: &Notice{Subject: SubjectOf(AboutDigest, id), Channel: d.Channel}})
			d.Last = tx.Now()
		}
		d.Next = next
		tx.Put(&d)
		return nil
	})
	return fired && err == nil, err
}

// nothing reports whether a digest that keeps quiet then has nothing to say.
func (ds *Digests) nothing(ctx context.Context, name string) (bool, error) {
	d := Digest{Name: name}
	if found, err := ds.Store.Read(ctx, &d); err != nil || !found[0] || !d.Quiet {
		return false, err
	}
	v, err := (&Narrator{Store: ds.Store}).digestView(ctx, 0, d.Next)
	return err == nil && v.nothing(), err
}

// maxMissed bounds the search for the last firing that was missed.
const maxMissed = 2000

// after gives the last firing up to now and the first one after it. When clocks
// go back, a wall time comes twice; the second is no firing.
func (ds *Digests) after(d Digest, now time.Time) (slot, next time.Time, err error) {
	slot = d.Next
	if now.Sub(slot) >= digestLate {
		if slot, err = ds.Clock.Next(d.Spec, d.Zone, now.Add(-digestLate)); err != nil {
			return slot, next, err
		}
		if slot.After(now) {
			return d.Next, slot, nil
		}
	}
	for range maxMissed {
		if next, err = ds.Clock.Next(d.Spec, d.Zone, slot); err != nil {
			return slot, next, err
		}
		for wall(next, d.Zone) == wall(slot, d.Zone) {
			if next, err = ds.Clock.Next(d.Spec, d.Zone, next); err != nil {
				return slot, next, err
			}
		}
		if next.After(now) {
			return slot, next, nil
		}
		slot = next
	}
	next, err = ds.Clock.Next(d.Spec, d.Zone, now)
	return slot, next, err
}

// wall is the local time of a firing, which names the digest's issue.
func wall(t time.Time, zone string) string {
	loc, err := time.LoadLocation(zone)
	if err != nil {
		loc = time.UTC
	}
	return t.In(loc).Format("2006-01-02T15:04")
}
