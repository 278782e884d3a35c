package fleet

import (
	"context"
	"fmt"
	"time"
)

// Watch raises an alarm, once, for each host that has gone silent, and returns
// how many that were; the host's next report ends it. A host that was stopped in
// order is told of only if something waits there.
//
// The storage may have been away, and then no worker could report: Watch must
// have heard the storage for as long as a host may be silent before it accuses
// one. It is to be called every few seconds, by one caller at a time.
func (hs *Hosts) Watch(ctx context.Context) (int, error) {
	now, hosts, err := hs.look(ctx)
	if err != nil {
		hs.heard = time.Time{}
		return 0, err
	}
	if hs.heard.IsZero() || now.Before(hs.heard) {
		hs.heard = now
	}
	if now.Sub(hs.heard) < hs.limit() {
		return 0, nil
	}
	raised := 0
	for _, h := range hosts {
		if h.Alarm != "" || !h.Silent(now, hs.limit()) {
			continue
		}
		told, err := hs.accuse(ctx, h)
		if err != nil {
			return raised, err
		}
		raised += bit(told)
	}
	return raised, nil
}

func (hs *Hosts) look(ctx context.Context) (now time.Time, hosts []Host, err error) {
	err = hs.Store.Update(ctx, Catalogue, func(tx Tx) error {
		now = tx.Now()
		return nil
	})
	if err == nil {
		hosts, err = listRows(ctx, hs.Store, AllHosts, hostRow)
	}
	return now, hosts, err
}

// accuse tells of one silent host, with what waits there.
func (hs *Hosts) accuse(ctx context.Context, h Host) (bool, error) {
	counts, err := hs.Store.Count(ctx, TasksDue(h.Name), TasksHeld(h.Name))
	if err != nil || h.State == HostStopped && counts[0]+counts[1] == 0 {
		return false, err
	}
	told := false
	err = hs.Store.Update(ctx, Catalogue, func(tx Tx) error {
		told = false
		now := Host{Name: h.Name}
		if found, err := tx.Get(&now); err != nil || !found || now.Alarm != "" || !now.Silent(tx.Now(), hs.limit()) {
			return err
		}
		now.Alarm, told = "host/"+string(h.Name)+"/silent/"+stampID(tx.Now()), true
		tx.Put(&now)
		return raise(tx, Alarm{ID: now.Alarm, About: string(h.Name), Tone: Bad,
			Title: "Host " + string(h.Name) + " is silent", Text: tellSilence(now, counts[0], counts[1])})
	})
	return told && err == nil, err
}

// tellSilence says since when, what waits, and what can be done.
func tellSilence(h Host, due, held int) string {
	text := "Nothing was heard of its worker since " + Moment(h.Seen) + "."
	if h.State == HostStopped {
		text = "Its worker was stopped, " + Moment(h.Seen) + ", and has not come back."
	}
	switch {
	case due+held == 0:
		text += " No task waits there."
	case held == 0:
		text += fmt.Sprintf(" %s there.", waits(due, "task waits", "tasks wait"))
	default:
		text += fmt.Sprintf(" %s there, and %s for a person.", waits(due, "task waits", "tasks wait"), waits(held, "waits", "wait"))
	}
	return text + " Its sites cannot be checked or moved; whether they still serve visitors is not known from here. Look at the machine; what can be done meanwhile: " +
		Slash + " hosts " + string(h.Name)
}

func waits(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
