package fleet

import (
	"context"
	"time"
)

// Hosts keeps what is known of the machines with workers, and what people say
// about them.
type Hosts struct {
	Store  Store
	ID     func() string // makes ULIDs in lower case; nil means NewID
	Silent time.Duration // a host is silent after this long without a word; 0 means HostSilent
	// Quiet is told by Watch when it began to hear the fleet: see Watch.
	heard time.Time
}

func (hs *Hosts) limit() time.Duration {
	if hs.Silent == 0 {
		return HostSilent
	}
	return hs.Silent
}

// A Report is one word of a worker about itself.
type Report struct {
	Host  Host
	Claim SeatClaim
	Held  bool // this process has had the seat
}

// Report takes or keeps the host's seat and records what the worker says of
// itself, in two commits: the seat is in the host's family, what people read in
// the catalogue. A worker whose protocol is below the fleet's floor is recorded
// as too old, which is returned, and must do no work.
//
// Errors: Refused and Stale as TakeSeat; a refused worker is noted beside the
// host it asked for, and people are told once.
func (hs *Hosts) Report(ctx context.Context, r Report) (HostState, error) {
	err := hs.Store.Update(ctx, HostFamily(r.Host.Name), func(tx Tx) error {
		s := Seat{Host: r.Host.Name}
		if _, err := tx.Get(&s); err != nil {
			return err
		}
		if err := CheckProtocol(&s, "the seat of host "+string(s.Host)); err != nil {
			return err
		}
		next, err := TakeSeat(s, r.Claim, r.Held, tx.Now())
		if err != nil {
			return err
		}
		if r.Host.State == HostStopped {
			next.Until = tx.Now()
		}
		tx.Put(&next)
		return nil
	})
	if CodeOf(err) == Refused {
		if told := hs.refused(ctx, r); told != nil {
			return "", told
		}
	}
	if err != nil {
		return "", err
	}
	return hs.record(ctx, r.Host)
}

// record merges a report into the host's row.
func (hs *Hosts) record(ctx context.Context, h Host) (HostState, error) {
	var out HostState
	err := hs.Store.Update(ctx, Catalogue, func(tx Tx) error {
		have, floor := Host{Name: h.Name}, Floor{}
		if _, err := tx.Get(&have); err != nil {
			return err
		}
		if _, err := tx.Get(&floor); err != nil {
			return err
		}
		next := h
		next.Alarm, next.Old, next.Stuck, next.Second = have.Alarm, have.Old, have.Stuck, have.Second
		next.Since, next.Seen = have.Since, tx.Now()
		if floor.Protocol > h.Protocol && h.State != HostStopped {
			next.State = HostTooOld
		}
		if next.State != have.State || have.Since.IsZero() {
			next.Since = tx.Now()
		}
		if err := back(tx, have, &next); err != nil {
			return err
		}
		if err := oldOrNot(tx, floor, &next); err != nil {
			return err
		}
		out = next.State
		tx.Put(&next)
		return nil
	})
	return out, err
}

// back ends the alarm about a host's silence: it was heard again.
func back(tx Tx, have Host, next *Host) error {
	if have.Alarm == "" || next.State == HostStopped {
		return nil
	}
	next.Alarm = ""
	return endAlarm(tx, have.Alarm)
}

// oldOrNot raises, once, the alarm about a worker that is too old for the
// fleet, and ends it when a newer one reports.
func oldOrNot(tx Tx, floor Floor, h *Host) error {
	switch {
	case h.State == HostTooOld && h.Old == "":
		h.Old = "host/" + string(h.Name) + "/old/" + stampID(tx.Now())
		return raise(tx, Alarm{ID: h.Old, About: string(h.Name), Tone: Warn, Title: "The worker of host " + string(h.Name) + " is too old",
			Text: "It is version " + Clean(h.Version, 40) + " and does no work, because version " + Clean(floor.Version, 40) +
				" has written what it would read wrongly. Its tasks wait until it is updated."})
	case h.Old != "" && h.State != HostTooOld && h.Protocol >= floor.Protocol:
		id := h.Old
		h.Old = ""
		return endAlarm(tx, id)
	}
	return nil
}

// refused notes a worker that asked for a name that is another's, and tells
// people once for each data directory.
func (hs *Hosts) refused(ctx context.Context, r Report) error {
	return hs.Store.Update(ctx, Catalogue, func(tx Tx) error {
		h := Host{Name: r.Host.Name}
		if _, err := tx.Get(&h); err != nil {
			return err
		}
		h.Second = &Intruder{Data: r.Claim.Data, Place: r.Claim.Place, Version: r.Host.Version, Seen: tx.Now()}
		tx.Put(&h)
		return raise(tx, Alarm{ID: "host/" + string(h.Name) + "/second/" + clip(r.Claim.Data, 40) + "/" + clip(r.Claim.Place.Mark, 20),
			About: string(h.Name), Tone: Warn, Title: "Two workers were told the name " + string(h.Name),
			Text: "The one on " + r.Claim.Place.String() + " was refused and does nothing; the one on " + h.Place.String() +
				" keeps the name. Give the other a name of its own. If it is to replace the first, an administrator says: " +
				Slash + " hosts release " + string(h.Name) + "."})
	})
}

func stampID(t time.Time) string { return t.UTC().Format("20060102T150405.000") }

// raise records an alarm and shows it in the default channel, once per id.
func raise(tx Tx, a Alarm) error {
	if found, err := tx.Get(&Alarm{ID: a.ID}); found || err != nil {
		return err
	}
	a.At = tx.Now()
	tx.Put(&a)
	tx.Emit(a.notice(false), Effect{Audit: &AuditEvent{At: a.At, Who: System("watcher"), What: "alarm.raised", About: a.About,
		Detail: map[string]string{"alarm": a.ID, "text": clip(a.Text, 300)}}})
	return nil
}

// endAlarm says that what an alarm told of is over.
func endAlarm(tx Tx, id string) error {
	a := Alarm{ID: id}
	if found, err := tx.Get(&a); err != nil || !found || a.Over {
		return err
	}
	a.Over, a.Ended = true, tx.Now()
	tx.Put(&a)
	tx.Emit(a.notice(true))
	return nil
}

// RaiseFloor sees to it that workers older than this program's records do no
// work. The floor never sinks: what was written stays.
func (hs *Hosts) RaiseFloor(ctx context.Context, to Floor) error {
	return hs.Store.Update(ctx, Catalogue, func(tx Tx) error {
		f := Floor{}
		if _, err := tx.Get(&f); err != nil || f.Protocol >= to.Protocol {
			return err
		}
		f = to
		tx.Put(&f)
		return nil
	})
}
