package fleet

import "time"

// A Place is where a worker keeps what it works on.
type Place struct {
	Machine string `json:"machine,omitempty"` // what people call the machine
	Path    string `json:"path,omitempty"`    // of the data directory
	// Mark tells one directory on one machine from any other, also from its own
	// copy: a hash of the machine's id and the directory's inode.
	Mark string `json:"mark,omitempty"`
}

// String is a place for people: "web3.example.org:/var/lib/distrobot".
func (p Place) String() string {
	if p.Machine == "" && p.Path == "" {
		return "an unknown place"
	}
	return Clean(p.Machine, 80) + ":" + Clean(p.Path, 120)
}

// A Seat says which data directory may work under a host's name, which process
// of it does, and whether people have stopped the intake. It stands in the
// host's own family, so that each claim of a task is guarded by it.
//
// The sites of a host are in one data directory. A worker with another one that
// was given the same name would find none of them, or old copies; so the first
// directory keeps the name until a person says otherwise.
type Seat struct {
	Host   HostName  `json:"host"`
	Data   string    `json:"data,omitempty"` // identity of the directory; "": the next worker's
	Place  Place     `json:"place,omitzero"`
	Owner  string    `json:"owner,omitempty"` // process that holds the seat
	Until  time.Time `json:"until,omitzero"`  // its lease
	Paused *Pause    `json:"paused,omitempty"`
	Barred string    `json:"barred,omitempty"` // directory the name was taken from; it may not simply take it back
	Needs  int       `json:"needs,omitempty"`  // lowest Protocol that may write this row
}

// A Pause is a person's word that a host shall begin nothing new.
type Pause struct {
	By     Actor     `json:"by"`
	At     time.Time `json:"at"`
	Reason string    `json:"reason,omitempty"`
}

// Key implements Record.
func (s *Seat) Key() Key { return Key{HostFamily(s.Host), "seat", "seat"} }

// Entries implements Record.
func (s *Seat) Entries() []Entry { return nil }

// Authorises implements Signed.
func (s *Seat) Authorises() {}

// MinProtocol implements Versioned.
func (s *Seat) MinProtocol() int { return s.Needs }

// A SeatClaim is a worker that asks for its host's seat.
type SeatClaim struct {
	Data  string // identity of its data directory
	Place Place
	Owner string // this process, unique over restarts
	Lease time.Duration
}

// TakeSeat is the rule by which a worker gets and keeps its host's seat. The
// same directory at the same place gets it at once: whoever asks holds the
// directory's lock, so its former process is dead. The same directory at another
// place (it was moved, or it is a copy) waits until the lease of the other is
// over. Another directory is refused, however long the first is silent.
//
// held says that this process has had the seat: it then only keeps it, and code
// Stale tells that it is another's now. Otherwise the code is Refused.
func TakeSeat(s Seat, c SeatClaim, held bool, now time.Time) (Seat, error) {
	mine := s.Owner == c.Owner && s.Data == c.Data
	switch {
	case held && !mine && (s.Owner != "" || s.Data != "" && s.Data != c.Data):
		return s, Errorf(Stale, "Host %s is worked for by %s now.", s.Host, s.Place)
	case s.Data != "" && s.Data != c.Data:
		return s, Errorf(Refused, "The name %s belongs to the worker on %s; this one has another data directory, on %s.", s.Host, s.Place, c.Place).
			WithHint("Give this worker a name of its own, or let it have this one: %s hosts release %s", Slash, s.Host)
	case s.Data == "" && s.Barred == c.Data && s.Barred != "":
		return s, Errorf(Refused, "The name %s was taken from the worker on %s for another one.", s.Host, c.Place).
			WithHint("To give it back, say once more: %s hosts release %s", Slash, s.Host)
	case !mine && s.Owner != "" && s.Place.Mark != c.Place.Mark && now.Before(s.Until):
		return s, Errorf(Refused, "The worker of host %s still runs on %s; this one, on %s, has a copy of its data directory.", s.Host, s.Place, c.Place).
			WithHint("End that one first.")
	}
	s.Data, s.Place, s.Owner, s.Until, s.Barred = c.Data, c.Place, c.Owner, now.Add(c.Lease), ""
	return s, nil
}

// ReleaseSeat is the rule of a person's word that another data directory may
// work under a host's name: the next worker with another one gets it. The one
// that had it can claim nothing from this commit on. Said again before anybody
// came, it lets the former one return.
func ReleaseSeat(s Seat) (Seat, error) {
	if s.Data == "" && s.Barred == "" {
		return s, Errorf(Refused, "The name %s is free: the next worker that asks for it gets it.", s.Host)
	}
	if s.Data == "" {
		s.Barred, s.Owner = "", ""
		return s, nil
	}
	s.Barred, s.Data, s.Owner, s.Until = s.Data, "", "nobody", time.Time{}
	return s, nil
}

// A Versioned record says which Protocol a program must speak to change it: an
// older one may show it, but what it wrote back would lack what it cannot read.
type Versioned interface{ MinProtocol() int }

// CheckProtocol refuses to act on a record that a newer program has written.
func CheckProtocol(r Versioned, what string) error {
	if r.MinProtocol() <= Protocol {
		return nil
	}
	return Errorf(TooOld, "This distrobot is too old for %s, which a newer one has written (protocol %d; this one speaks %d).", what, r.MinProtocol(), Protocol).
		WithHint("Update it.")
}

// MayClaim is the rule that a seat adds to that of a task: the worker must hold
// the seat, and a paused host begins nothing. What it has begun it ends.
func MayClaim(s Seat, t Task, owner string) error {
	switch {
	case s.Owner != owner:
		return Errorf(Refused, "Host %s is worked for by another process.", s.Host)
	case s.Paused != nil && t.Begun.IsZero():
		return Errorf(Refused, "The intake of host %s is paused.", s.Host)
	}
	return CheckProtocol(&t, "task "+string(t.ID))
}
