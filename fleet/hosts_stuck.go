package fleet

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// A Stuck site is one whose visitors are kept out on its host although no task is
// left that would let them in.
type Stuck struct {
	URI   URI
	Since time.Time // they have been kept out
	Why   string    // foreign text: what stands in the way
	// Person says that only a person can mend it; what else is in the way may pass.
	Person bool
}

// StuckTooLong is after how long people are told of visitors whose host cannot let
// them in yet for a reason that may pass, such as a task that is under way there.
const StuckTooLong = 10 * time.Minute

// tells reports whether people are told of a site that is stuck.
func (s Stuck) tells(now time.Time) bool { return s.Person || now.Sub(s.Since) >= StuckTooLong }

// Stuck takes what a worker says of the sites of its host that are stuck, all of
// them: people are told once in one message, which is edited while it lasts and over
// when none is left.
func (hs *Hosts) Stuck(ctx context.Context, host HostName, stuck []Stuck) error {
	h := Host{Name: host}
	if found, err := hs.Store.Read(ctx, &h); err != nil || !found[0] || h.Stuck == "" && len(stuck) == 0 {
		return err
	}
	return hs.Store.Update(ctx, Catalogue, func(tx Tx) error {
		h := Host{Name: host}
		if found, err := tx.Get(&h); err != nil || !found {
			return err
		}
		told := slices.DeleteFunc(slices.Clone(stuck), func(s Stuck) bool { return !s.tells(tx.Now()) })
		switch id := h.Stuck; {
		case len(told) == 0 && id == "":
			return nil
		case len(told) == 0:
			h.Stuck = ""
			tx.Put(&h)
			return endAlarm(tx, id)
		case id == "":
			h.Stuck = "host/" + string(host) + "/stuck/" + stampID(tx.Now())
			tx.Put(&h)
			return raise(tx, stuckAlarm(h, told))
		}
		return amendAlarm(tx, stuckAlarm(h, told))
	})
}

// amendAlarm shows what an alarm says now, if that is anything else.
func amendAlarm(tx Tx, next Alarm) error {
	a := Alarm{ID: next.ID}
	if found, err := tx.Get(&a); err != nil || !found || a.Title == next.Title && a.Text == next.Text {
		return err
	}
	a.Title, a.Text, a.Tone = next.Title, next.Text, next.Tone
	tx.Put(&a)
	tx.Emit(a.notice(true))
	return nil
}

// tellStuck is how many sites one alarm names.
const tellStuck = 5

// stuckAlarm words which sites of a host are stuck.
func stuckAlarm(h Host, stuck []Stuck) Alarm {
	slices.SortFunc(stuck, func(a, b Stuck) int { return strings.Compare(string(a.URI), string(b.URI)) })
	a := Alarm{ID: h.Stuck, About: string(h.Name), Tone: Bad,
		Title: fmt.Sprintf("%s on host %s let nobody in", Plural(len(stuck), "site", "sites"), h.Name)}
	if len(stuck) == 1 {
		a.Title = fmt.Sprintf("Site %s on host %s lets nobody in", Clean(string(stuck[0].URI), 80), h.Name)
	}
	for _, s := range stuck[:min(len(stuck), tellStuck)] {
		a.Text += fmt.Sprintf("%s, closed since %s: %s. ", Clean(string(s.URI), 80), Moment(s.Since), strings.TrimSuffix(Clean(s.Why, 300), "."))
	}
	if more := len(stuck) - tellStuck; more > 0 {
		a.Text += fmt.Sprintf("And %s more. ", Plural(more, "site", "sites"))
	}
	a.Text += "No task is left that would let visitors in. Look at the site on its host; a later upgrade or rollback of it that ends well opens it, too."
	return a
}
