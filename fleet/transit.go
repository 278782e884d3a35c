package fleet

import (
	"slices"
	"time"
)

// A Transit is the way of one site from a host to another one: the last there was,
// or the one under way. Two tasks walk it, one on each host, that know of each
// other only through this row; it is in the family of the site's own row, so
// that the site changes its host in one commit with it.
//
// Until that commit the site is the old host's, and nothing that happens on the
// new one is of any effect: whatever fails, the old host lets visitors in again.
// From that commit on the site is the new host's, and the old one can only close
// its copy.
type Transit struct {
	URI        URI           `json:"uri"`
	State      TransitState  `json:"state"`
	From       HostName      `json:"from"`
	To         HostName      `json:"to"`
	Platform   PlatformName  `json:"platform"`
	Generation int64         `json:"gen"`             // before the move; the next one is made
	Send       TaskID        `json:"send"`            // of the old host
	Receive    TaskID        `json:"receive"`         // of the new host
	Database   string        `json:"db,omitempty"`    // of the old host, as Site.Database
	First      []TransitPart `json:"first,omitempty"` // made while visitors go on
	Last       []TransitPart `json:"last,omitempty"`  // made while they wait: what has changed since
	// Fence guards the new host until the site is its own: it rises with each
	// claim of the receiving task, which is Claim, and is above the site's.
	Fence int64 `json:"fence,omitempty"`
	Claim int64 `json:"claim,omitempty"`
	// Closing guards the old host afterwards: above every fence it worked under.
	Closing   int64     `json:"closing,omitempty"`
	Reason    string    `json:"reason,omitempty"` // why it failed, one sentence
	By        Actor     `json:"by"`
	Began     time.Time `json:"began"`
	Held      time.Time `json:"held,omitzero"`  // since when visitors wait
	Ended     time.Time `json:"ended,omitzero"` // taken over, or failed
	KeptUntil time.Time `json:"kept,omitzero"`  // how long the old host keeps its closed copy
}

// A TransitPart is one file of what is sent.
type TransitPart struct {
	Name   string `json:"name"`
	Digest string `json:"digest"` // SHA-256 in hexadecimal
	Bytes  int64  `json:"bytes"`
}

// TransitBytes adds parts up.
func TransitBytes(parts []TransitPart) (sum int64) {
	for _, p := range parts {
		sum += p.Bytes
	}
	return sum
}

// TransitState is how far a move is.
type TransitState string

// The states, in their order; a move can fail in each before TransitTaken.
const (
	TransitBegun   TransitState = "begun"   // the old host makes a first copy
	TransitCopying TransitState = "copying" // the new one fetches it
	TransitReady   TransitState = "ready"   // the new one has it and waits
	TransitHeld    TransitState = "held"    // visitors wait; the new one fetches the rest
	TransitTaken   TransitState = "taken"   // the site is the new host's
	TransitOver    TransitState = "over"    // and the old one's copy is closed
	TransitFailed  TransitState = "failed"  // the site is the old host's
)

var transitOrder = []TransitState{TransitBegun, TransitCopying, TransitReady, TransitHeld, TransitTaken, TransitOver}

// Key implements Record.
func (m *Transit) Key() Key { return Key{Catalogue, "move", string(m.URI)} }

// Entries implements Record.
func (m *Transit) Entries() []Entry { return nil }

// MinProtocol implements Versioned.
func (m *Transit) MinProtocol() int { return moveProtocol }

// Taken reports whether the site is the new host's.
func (m Transit) Taken() bool { return m.State == TransitTaken || m.State == TransitOver }

// Open reports whether the move may still come to be or to fail.
func (m Transit) Open() bool { return m.State != "" && m.State != TransitFailed && !m.Taken() }

// reached reports whether m is at a state or beyond it.
func (m Transit) reached(s TransitState) bool {
	return m.State != TransitFailed && slices.Index(transitOrder, m.State) >= slices.Index(transitOrder, s)
}

// A TransitStep is what one of the two tasks says of a move.
type TransitStep struct {
	URI   URI
	Task  TaskID
	To    TransitState  // Copying, Ready, Held or Over
	Parts []TransitPart // of Copying and Held
}

// StepTransit is the rule by which a move goes one state further. Saying the same
// again changes nothing. Errors: Conflict when it is another task's, has failed,
// or when what is offered is not what was offered before: the other host may
// have fetched that.
func StepTransit(m Transit, c TransitStep, now time.Time) (Transit, error) {
	mine := m.Send
	if c.To == TransitReady {
		mine = m.Receive
	}
	if c.Task != mine {
		return m, Errorf(Conflict, "The move of %s is not the one of task %s any more.", m.URI, c.Task)
	}
	if m.State == TransitFailed {
		return m, Errorf(Conflict, "The move of %s has failed: %s", m.URI, m.Reason)
	}
	offered := &m.First
	if c.To == TransitHeld {
		offered = &m.Last
	}
	if m.reached(c.To) {
		if c.Parts != nil && !slices.Equal(*offered, c.Parts) {
			return m, Errorf(Conflict, "What was packed of %s is not what was offered before.", m.URI)
		}
		return m, nil
	}
	if i := slices.Index(transitOrder, c.To); i < 1 || transitOrder[i-1] != m.State || c.To == TransitTaken {
		return m, Errorf(Conflict, "The move of %s is %s; it cannot become %s.", m.URI, m.State, c.To)
	}
	m.State = c.To
	if c.Parts != nil {
		*offered = c.Parts
	}
	if c.To == TransitHeld {
		m.Held = now
	}
	return m, nil
}

// FailTransit is the rule by which a move ends without effect: either task may say
// so, as long as the site is the old host's. Conflict when it is not any more.
func FailTransit(m Transit, task TaskID, reason string, now time.Time) (Transit, error) {
	switch {
	case task != m.Send && task != m.Receive:
		return m, Errorf(Conflict, "The move of %s is not the one of task %s any more.", m.URI, task)
	case m.State == TransitFailed:
		return m, nil
	case m.Taken():
		return m, Errorf(Conflict, "Site %s is on host %s already.", m.URI, m.To)
	}
	m.State, m.Reason, m.Ended = TransitFailed, Clean(reason, 300), now
	return m, nil
}

// FenceTransit is the rule by which a claim of the receiving task gets a fence for
// its work on the new host: it rises with each claim, so that a worker which has
// lost the task, and does not know, can do nothing there. Errors: Stale for an
// earlier claim, Conflict when the move is another task's.
func FenceTransit(m Transit, s Site, t TransitClaim, epoch int64) (Transit, error) {
	switch {
	case m.Receive != t.Task:
		return m, Errorf(Conflict, "The move of %s is not the one of task %s any more.", m.URI, t.Task)
	case t.Claim < m.Claim:
		return m, Errorf(Stale, "The move of %s was taken over by a later claim of its task.", m.URI)
	case t.Claim == m.Claim:
		return m, nil
	}
	m.Claim, m.Fence = t.Claim, nextFence(max(m.Fence, s.Lock.Fence), epoch)
	return m, nil
}

// A TransitClaim is the receiving task at work.
type TransitClaim struct {
	URI      URI
	Task     TaskID
	Claim    int64 // the fence of the task
	Lease    time.Duration
	Database string // as Site.Database on the new host
}

// TakeSite is the rule by which a site changes its host: it is as it was when
// the move began, the sending task holds it, and the receiving one has it ready.
// The lock goes to the receiving task, under a fence that neither host has seen.
// There is no way back to an earlier generation on the new host. Doing it again
// changes nothing.
func TakeSite(s Site, m Transit, t TransitClaim, epoch int64, now time.Time) (Site, Transit, error) {
	switch {
	case m.Receive != t.Task || t.Claim < m.Claim:
		return s, m, Errorf(Stale, "The move of %s was taken over by another task.", m.URI)
	case m.Taken():
		return s, m, nil
	case m.State != TransitHeld:
		return s, m, Errorf(Conflict, "The move of %s is %s: %s", m.URI, m.State, m.Reason)
	case s.Host != m.From || s.Generation != m.Generation || s.Lock.Task != m.Send:
		return s, m, Errorf(Refused, "Site %s has changed since its move began.", m.URI)
	}
	m.Closing = s.Lock.Fence + 1
	fence := nextFence(max(s.Lock.Fence, m.Fence), epoch)
	s.Host, s.State, s.Generation = m.To, SiteMoving, s.Generation+1
	s.Previous, s.From, s.KeptUntil = 0, "", time.Time{}
	s.Database = t.Database
	s.Lock = SiteLock{Task: t.Task, Claim: t.Claim, Fence: fence, Until: now.Add(t.Lease)}
	m.State, m.Ended = TransitTaken, now
	return s, m, nil
}
