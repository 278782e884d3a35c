package fleet

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"time"
)

// PlanID is a ULID in lower case.
type PlanID string

// PlanKind says what a plan does with its sites.
type PlanKind string

// The kinds. An upgrade goes to the target of the sites' distribution, a
// migration to any platform (administrators), a rollback to the generation
// that was kept.
const (
	Upgrade  PlanKind = "upgrade"
	Migrate  PlanKind = "migrate"
	Rollback PlanKind = "rollback"
)

// PlanState is where a plan stands.
type PlanState string

// The states. Moves: reading → proposed; proposed → approved, cancelled,
// expired or superseded; approved → running; running ↔ paused; running or
// paused → done or failed; reading → failed, cancelled or superseded.
const (
	PlanReading    PlanState = "reading"
	PlanProposed   PlanState = "proposed"
	PlanApproved   PlanState = "approved"
	PlanRunning    PlanState = "running"
	PlanPaused     PlanState = "paused"
	PlanDone       PlanState = "done"
	PlanFailed     PlanState = "failed"
	PlanCancelled  PlanState = "cancelled"
	PlanExpired    PlanState = "expired"
	PlanSuperseded PlanState = "superseded"
)

// Final reports whether nothing more can happen to the plan.
func (s PlanState) Final() bool {
	return slices.Contains([]PlanState{PlanDone, PlanFailed, PlanCancelled, PlanExpired, PlanSuperseded}, s)
}

// Undecided reports whether the plan still waits for people.
func (s PlanState) Undecided() bool { return s == PlanReading || s == PlanProposed }

// A Plan is a proposed move of one site, one platform's sites or a whole
// distribution's. What is approved is its Fingerprint: exactly what was shown.
type Plan struct {
	ID           PlanID       `json:"id"`
	Kind         PlanKind     `json:"kind"`
	Title        string       `json:"title"` // "Upgrade 3 sites of atrium from 1.0.0 to 1.1.0"
	Distribution DistName     `json:"dist,omitempty"`
	Scope        Scope        `json:"scope"`
	From         PlatformName `json:"from"` // the platform most sites come from; each site has its own
	To           PlatformName `json:"to"`
	State        PlanState    `json:"state"`
	Revision     int          `json:"rev"`           // rises when what is shown changes; the button carries it
	Fingerprint  string       `json:"fp"`            // of what is shown; see FingerprintOf
	Rules        int64        `json:"rules"`         // policy revision it was drawn under
	Sites        []PlanSite   `json:"sites"`         // in the order they will be moved
	Rows         []Row        `json:"rows"`          // comparison of From and To, at most MaxRows
	More         int          `json:"more"`          // rows beyond MaxRows
	Notes        []Finding    `json:"notes"`         // blocks and warnings, worst first
	Quorum       int          `json:"quorum"`        // approvals needed
	Self         bool         `json:"self"`          // the requester's own approval counts
	Failures     int          `json:"failures"`      // tolerated before it pauses; -1 any
	Rule         ConfirmRule  `json:"rule,omitzero"` // what it takes to confirm it, by the policy it was drawn under
	Votes        []Approval   `json:"votes"`         // in order
	Requester    Actor        `json:"requester"`     // a System actor when offered by policy
	Channel      string       `json:"channel"`       // where its root message is
	Created      time.Time    `json:"created"`       //
	Proposed     time.Time    `json:"proposed"`      // when it was complete and shown
	Expires      time.Time    `json:"expires"`       // undecided plans end here
	Ended        time.Time    `json:"ended"`         // when it became final
	By           Actor        `json:"by,omitzero"`   // who cancelled, stopped or continued it last
	Reason       string       `json:"reason"`        // why it ended or paused, one sentence
	Replaces     PlanID       `json:"replaces,omitempty"`
	Replacement  PlanID       `json:"replacement,omitempty"`
	Wave         int          `json:"wave"`  // number of the wave under way, from 1; 0 before
	Waves        int          `json:"waves"` // how many there are
	Reads        []TaskRef    `json:"reads,omitempty"`
	Log          []PlanEvent  `json:"log,omitempty"`      // lines of the thread, at most MaxPlanLog
	Aim          PlatformName `json:"aim,omitempty"`      // the distribution's target when people last agreed: at the drawing, or at Continue
	Forgiven     int          `json:"forgiven,omitempty"` // failures that people knew of when they pressed Continue
	AtOnce       int          `json:"at_once,omitempty"`  // sites under way at once; 0 means DefaultAtOnce
	PerHost      int          `json:"per_host,omitempty"` // of them on one host; 0 is no limit of its own
	Asked        bool         `json:"asked,omitempty"`    // it is paused because nobody can tell how a site went, and goes on once that is known
	Stopped      bool         `json:"stopped,omitempty"`  // a person ended it: what is under way ends, nothing else begins
	Basis        *Basis       `json:"basis,omitempty"`    // what it was drawn from; nil in plans of an earlier version
	Told         string       `json:"told,omitempty"`     // the last line of the thread about what holds it back
}

// Bounds of what a plan keeps in its row.
const (
	MaxRows    = 200
	MaxPlanLog = 200
)

// Scope is what the requester asked for.
type Scope struct {
	Site         URI          `json:"site,omitempty"`
	Platform     PlatformName `json:"platform,omitempty"`
	Whole        bool         `json:"whole,omitempty"` // the whole distribution: Distribution, or else the one of Platform
	Distribution DistName     `json:"dist,omitempty"`
	Only         []URI        `json:"only,omitempty"`    // a retry, or the way back of a plan: just these sites
	Without      []URI        `json:"without,omitempty"` // sites that people left out, sorted
}

// SiteProgress is where one site of a plan stands.
type SiteProgress string

// The states of a site in a plan.
const (
	SiteWaiting  SiteProgress = "waiting"
	SiteRunning  SiteProgress = "running"
	SiteDone     SiteProgress = "done"
	SiteHeld     SiteProgress = "held"        // its task waits for a person
	SiteBack     SiteProgress = "rolled back" // failed and is wholly on the old platform
	SiteBroken   SiteProgress = "failed"      // failed and could not be brought back, or alarmed after the switch
	SiteLeftOut  SiteProgress = "left out"    // drifted, pinned or blocked; untouched
	SiteUntested SiteProgress = "not started" // the plan ended before its wave
)

// A PlanSite is one site of a plan and what was true of it when it was drawn.
type PlanSite struct {
	URI        URI          `json:"uri"`
	Host       HostName     `json:"host"`
	From       PlatformName `json:"from"`
	Generation int64        `json:"gen"`  // of the site when drawn
	Wave       int          `json:"wave"` // from 1
	Canary     bool         `json:"canary,omitempty"`
	Priority   int64        `json:"prio,omitempty"` // of the site when drawn: the highest is moved first
	Progress   SiteProgress `json:"state"`
	Task       TaskID       `json:"task,omitempty"`
	Step       string       `json:"step,omitempty"`    // the step under way, as people read it
	Note       string       `json:"note,omitempty"`    // why left out, failed or held, one sentence
	Pending    int          `json:"pending,omitempty"` // database updates
	Took       Duration     `json:"took,omitempty"`
	Window     Duration     `json:"window,omitempty"` // how long the site answered 503
	Pinned     bool         `json:"pinned,omitempty"` // it failed and was pinned for that
	Try        int          `json:"try,omitempty"`    // tasks of it that were withdrawn before they began
	Opens      int64        `json:"opens,omitempty"`  // Unix seconds before which its window is closed; 0 if it is not known to be
	Known      bool         `json:"known,omitempty"`  // people knew how it stands when they pressed Continue
	Absent     bool         `json:"absent,omitempty"` // left out because the platform was not on its host
}

// A TaskRef addresses a task.
type TaskRef struct {
	Host HostName `json:"host"`
	ID   TaskID   `json:"id"`
}

// A PlanEvent is one line of a plan's thread.
type PlanEvent struct {
	At   time.Time `json:"at"`
	Text string    `json:"text"`
	Tone Tone      `json:"tone,omitempty"`
}

// Key implements Record.
func (p *Plan) Key() Key { return Key{PlanFamily(p.ID), "plan", string(p.ID)} }

// Entries implements Record: plans that are not final, by age; undecided ones
// also by expiry; approved and running ones also as due for their conductor.
func (p *Plan) Entries() []Entry {
	fam := PlanFamily(p.ID)
	out := []Entry{{PlansBy(fam), string(p.ID), p.Created.UnixMilli()}}
	if !p.State.Final() {
		out = append(out, Entry{OpenPlans(fam), string(p.ID), p.Created.UnixMilli()})
	}
	switch p.State {
	case PlanProposed:
		out = append(out, Entry{PlansExpiring(fam), string(p.ID), p.Expires.UnixMilli()})
	case PlanReading, PlanApproved, PlanRunning, PlanPaused:
		out = append(out, Entry{PlansMoving(fam), string(p.ID), p.Created.UnixMilli()})
	}
	return out
}

// PlansBy lists all plans of a family by age.
func PlansBy(f Family) Index { return Index{f, "plans"} }

// OpenPlans lists the plans of a family that are not final, by age.
func OpenPlans(f Family) Index { return Index{f, "plans:open"} }

// PlansExpiring orders proposed plans by the time they expire.
func PlansExpiring(f Family) Index { return Index{f, "plans:expiring"} }

// PlansMoving lists plans that somebody must advance.
func PlansMoving(f Family) Index { return Index{f, "plans:moving"} }

// A Snapshot is what a fingerprint is taken over: everything that decides what
// a confirmed plan does.
type Snapshot struct {
	Kind       PlanKind
	To         PlatformName
	FromCommit map[PlatformName]string // commit and lock digest of each source platform
	ToCommit   string                  // commit, lock digest and tree digest of the target platform
	Rules      int64                   // policy revision of the distribution
	Sites      []PlanSite              // those not yet started; URI and generation count
}

// FingerprintOf is a SHA-256, in hexadecimal, over a snapshot. Two snapshots
// have the same fingerprint exactly if they would do the same.
func FingerprintOf(s Snapshot) string {
	h := sha256.New()
	fmt.Fprintf(h, "v1\n%s\n%q\n%q\n%d\n", s.Kind, s.To, s.ToCommit, s.Rules)
	var from []string
	for p, c := range s.FromCommit {
		from = append(from, fmt.Sprintf("%q %q", p, c))
	}
	slices.Sort(from)
	for _, f := range from {
		fmt.Fprintln(h, f)
	}
	var sites []string
	for _, x := range s.Sites {
		sites = append(sites, fmt.Sprintf("%q %q %d", x.URI, x.From, x.Generation))
	}
	slices.Sort(sites)
	for _, x := range sites {
		fmt.Fprintln(h, x)
	}
	return hex.EncodeToString(h.Sum(nil))
}
