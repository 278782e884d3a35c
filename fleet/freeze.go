package fleet

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// A Freeze holds back waves, of one distribution or of all, until its end by
// the store's clock. What is under way ends, and rollbacks are never held.
type Freeze struct {
	Distribution DistName  `json:"dist"` // "" is everything
	Until        time.Time `json:"until"`
	Reason       string    `json:"reason"`
	By           Actor     `json:"by"`
	At           time.Time `json:"at"`
}

// longestFreeze bounds a freeze, so that a forgotten one ends.
const longestFreeze = 366 * 24 * time.Hour

// Key implements Record.
func (f *Freeze) Key() Key { return Key{Catalogue, "freeze", freezeID(f.Distribution)} }

// Entries implements Record: by its end.
func (f *Freeze) Entries() []Entry {
	return []Entry{{Frozen, freezeID(f.Distribution), f.Until.UnixMilli()}}
}

// Authorises implements Signed: a freeze whose end somebody has moved is refused.
func (f *Freeze) Authorises() {}

// Frozen orders the freezes by their ends.
var Frozen = Index{Catalogue, "freezes"}

const everything = "*"

func freezeID(d DistName) string {
	if d == "" {
		return everything
	}
	return fold(string(d))
}

// Active reports whether the freeze holds at a time.
func (f Freeze) Active(now time.Time) bool { return now.Before(f.Until) }

// Of names what is frozen.
func (f Freeze) Of() string {
	if f.Distribution == "" {
		return "everything"
	}
	return string(f.Distribution)
}

// longest is the freeze that holds longest at a time; nil if none does.
func longest(fs []Freeze, now time.Time) *Freeze {
	var out *Freeze
	for i, f := range fs {
		if f.Active(now) && (out == nil || f.Until.After(out.Until)) {
			out = &fs[i]
		}
	}
	return out
}

// Freezer freezes and thaws.
type Freezer struct{ Store Store }

// Freeze holds back the waves of a distribution, of all when its name is empty;
// a freeze that holds already gets the new end and reason. Errors: NotFound, and
// Invalid without a reason or with an end in the past or too far away.
func (z *Freezer) Freeze(ctx context.Context, f Freeze, who Actor) (Freeze, error) {
	f.Reason = Clean(f.Reason, 200)
	if f.Reason == "" {
		return f, Errorf(Invalid, "A freeze needs a reason.").WithHint(`For example --reason "Christmas sales".`)
	}
	return f, z.change(ctx, &f.Distribution, func(tx Tx) error {
		switch now := tx.Now(); {
		case !f.Until.After(now):
			return Errorf(Invalid, "The freeze would be over already: %s.", Moment(f.Until))
		case f.Until.Sub(now) > longestFreeze:
			return Errorf(Invalid, "A freeze lasts a year at most.")
		}
		have := Freeze{Distribution: f.Distribution}
		if _, err := tx.Get(&have); err != nil {
			return err
		}
		f.By, f.At = who, tx.Now()
		tx.Put(&f)
		tx.Emit(audited(tx, who, "frozen", f.Of(), "until", f.Until.UTC().Format(time.RFC3339), "reason", f.Reason))
		return nil
	})
}

// Thaw ends a freeze. Errors: NotFound when there is none.
func (z *Freezer) Thaw(ctx context.Context, d DistName, who Actor) error {
	return z.change(ctx, &d, func(tx Tx) error {
		f := Freeze{Distribution: d}
		found, err := tx.Get(&f)
		if err != nil {
			return err
		}
		if !found || !f.Active(tx.Now()) {
			return Errorf(NotFound, "There is no freeze of %s.", f.Of())
		}
		tx.Delete(&f)
		tx.Emit(audited(tx, who, "thawed", f.Of()))
		return nil
	})
}

// change changes freezes and brings the messages of the plans that they concern
// up to date. The name is corrected to that of the distribution.
func (z *Freezer) change(ctx context.Context, d *DistName, rule func(Tx) error) error {
	plans, err := openPlans(ctx, z.Store)
	if err != nil {
		return err
	}
	return z.Store.Update(ctx, Catalogue, func(tx Tx) error {
		if *d != "" {
			have, err := mustDist(tx, *d)
			if err != nil {
				return err
			}
			*d = have.Name
		}
		if err := rule(tx); err != nil {
			return err
		}
		toldAgain(tx, plans, *d)
		return nil
	})
}

// toldAgain emits what a freeze changes for plans: what they show, and whether
// they may go on.
func toldAgain(tx Tx, plans []Plan, d DistName) {
	for _, p := range plans {
		if d != "" && fold(string(p.Distribution)) != fold(string(d)) {
			continue
		}
		tx.Emit(edited(SubjectOf(AboutPlan, string(p.ID))))
		if !p.State.Undecided() {
			tx.Emit(Effect{Advance: p.ID})
		}
	}
}

// Active lists the freezes that hold now, the one that ends first first.
func (z *Freezer) Active(ctx context.Context, now time.Time) ([]Freeze, error) {
	rows, err := listRows(ctx, z.Store, Frozen, freezeRow)
	if err != nil {
		return nil, err
	}
	out := rows[:0]
	for _, f := range rows {
		if f.Active(now) {
			out = append(out, f)
		}
	}
	return out, nil
}

func freezeRow(f *Freeze, id string) {
	if id != everything {
		f.Distribution = DistName(id)
	}
}

// Sweep drops the freezes that are over by the store's clock and tells of the
// plans that may go on.
func (z *Freezer) Sweep(ctx context.Context) error {
	some, err := z.Store.Count(ctx, Frozen)
	if err != nil || some[0] == 0 {
		return err
	}
	plans, err := openPlans(ctx, z.Store)
	if err != nil {
		return err
	}
	return z.Store.Update(ctx, Catalogue, func(tx Tx) error {
		rows, err := getRows(tx, Frozen, freezeRow)
		if err != nil {
			return err
		}
		for _, f := range rows {
			if f.Active(tx.Now()) {
				continue
			}
			tx.Delete(&f)
			tx.Emit(audited(tx, System("conductor"), "thawed", f.Of(), "reason", "its end"))
			toldAgain(tx, plans, f.Distribution)
		}
		return nil
	})
}

// text says who froze what and why, without its end.
func (f Freeze) text() string {
	return fmt.Sprintf("%s froze %s: %s", f.By.display(), f.Of(), f.Reason)
}

// ParseUntil reads when something ends: "36h", "3d" and "2w" from now, or
// "2027-01-03" (its midnight) and "2027-01-03 08:00", each in UTC or in the zone
// that follows. The error is of code Invalid.
func ParseUntil(text string, now time.Time) (time.Time, error) {
	wrong := Errorf(Invalid, "%q is not a time.", Clean(text, 60)).WithHint("Write it like 36h, 3d, 2027-01-03 or 2027-01-03 08:00 Europe/Zurich.")
	words := strings.Fields(text)
	if len(words) == 0 || len(words) > 3 {
		return time.Time{}, wrong
	}
	units := map[string]time.Duration{"h": time.Hour, "d": 24 * time.Hour, "w": 7 * 24 * time.Hour}
	if n := len(words[0]) - 1; len(words) == 1 && units[words[0][n:]] > 0 {
		many, err := strconv.Atoi(words[0][:n])
		if err != nil || many < 1 || many > 10000 {
			return time.Time{}, wrong
		}
		return now.Add(time.Duration(many) * units[words[0][n:]]), nil
	}
	zone := ""
	if last := words[len(words)-1]; len(words) > 1 && !strings.Contains(last, ":") {
		zone, words = last, words[:len(words)-1]
	}
	z, err := ParseZone(zone)
	if err != nil {
		return time.Time{}, err
	}
	layout := "2006-01-02"
	if len(words) == 2 {
		layout += " 15:04"
	}
	at, err := time.ParseInLocation(layout, strings.Join(words, " "), z)
	if err != nil {
		return time.Time{}, wrong
	}
	return at, nil
}
