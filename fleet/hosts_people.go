package fleet

import "context"

// Pause lets a host begin nothing new; what it has begun it ends. Resume undoes
// it. Both say Refused when it is so already.
func (hs *Hosts) Pause(ctx context.Context, h HostName, reason string, who Actor) error {
	return hs.change(ctx, h, func(tx Tx, s *Seat) error {
		if s.Paused != nil {
			return Errorf(Refused, "The intake of host %s is paused already, by %s.", h, s.Paused.By.display())
		}
		s.Paused = &Pause{By: who, At: tx.Now(), Reason: Clean(reason, 200)}
		tx.Emit(audited(tx, who, "host.paused", string(h), "reason", s.Paused.Reason))
		return nil
	})
}

// Resume lets a paused host begin tasks again.
func (hs *Hosts) Resume(ctx context.Context, h HostName, who Actor) error {
	return hs.change(ctx, h, func(tx Tx, s *Seat) error {
		if s.Paused == nil {
			return Errorf(Refused, "The intake of host %s is not paused.", h)
		}
		s.Paused = nil
		tx.Emit(audited(tx, who, "host.resumed", string(h)))
		return nil
	})
}

// Release lets another data directory work under a host's name: see
// ReleaseSeat. It returns the seat as it is now.
func (hs *Hosts) Release(ctx context.Context, h HostName, who Actor) (Seat, error) {
	var out Seat
	err := hs.change(ctx, h, func(tx Tx, s *Seat) error {
		next, err := ReleaseSeat(*s)
		if err != nil {
			return err
		}
		tx.Emit(audited(tx, who, "host.released", string(h), "from", s.Place.String()))
		*s, out = next, next
		return nil
	})
	return out, err
}

func (hs *Hosts) change(ctx context.Context, h HostName, rule func(Tx, *Seat) error) error {
	return hs.Store.Update(ctx, HostFamily(h), func(tx Tx) error {
		s := Seat{Host: h}
		if _, err := tx.Get(&s); err != nil {
			return err
		}
		if err := CheckProtocol(&s, "the seat of host "+string(h)); err != nil {
			return err
		}
		if err := rule(tx, &s); err != nil {
			return err
		}
		tx.Put(&s)
		return nil
	})
}

// A HostView is what people see of a host.
type HostView struct {
	Host    Host
	Seat    Seat
	Silent  bool
	Waiting int // tasks that nobody works on yet
	Held    int // tasks that wait for a person
}

// Word is how the host stands, in one or two words; what is worst comes first.
func (v HostView) Word() string {
	switch {
	case v.Silent:
		return "silent"
	case v.Seat.Data == "" && v.Seat.Barred != "":
		return "released"
	case v.Host.State == HostWorking:
		return "working"
	}
	return string(v.Host.State)
}

// All gives the hosts by name, as they stand.
func (hs *Hosts) All(ctx context.Context) ([]HostView, error) {
	now, hosts, err := hs.look(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]HostView, len(hosts))
	for i, h := range hosts {
		counts, err := hs.Store.Count(ctx, TasksDue(h.Name), TasksHeld(h.Name))
		if err != nil {
			return nil, err
		}
		seat := Seat{Host: h.Name}
		if _, err := hs.Store.Read(ctx, &seat); err != nil {
			return nil, err
		}
		v := HostView{Host: h, Seat: seat, Silent: h.State != HostStopped && h.Silent(now, hs.limit()), Held: counts[1]}
		v.Waiting = max(counts[0]-h.Running, 0)
		if v.Silent || h.State == HostStopped {
			v.Waiting = counts[0]
		}
		out[i] = v
	}
	return out, nil
}
