package fleet

import (
	"regexp"
	"slices"
	"time"
)

// Protocol is the version of what programs write for one another: tasks, their
// journals, and what a worker must know to do them. It rises when a worker of
// the version before would do something wrong with what a newer program orders.
//
//	1  everything up to the first release
//	2  seats: a worker asks whether the host's name is still its own before it
//	   claims, and leaves alone what another data directory has begun
//	3  moves: a site may come from another host, and leave a closed copy behind
const Protocol = 3

// WorkerFloor is the lowest Protocol of a worker that may do what this program
// orders. A bot raises the fleet's Floor to it when it starts.
const WorkerFloor = 1

// A Floor is the lowest protocol that a worker of the fleet must speak. It only
// rises: a newer program has written what an older worker would read wrongly.
type Floor struct {
	Protocol int    `json:"protocol"`
	Version  string `json:"version"` // of the program that raised it
}

// Key implements Record.
func (f *Floor) Key() Key { return Key{Catalogue, "floor", "floor"} }

// Entries implements Record.
func (f *Floor) Entries() []Entry { return nil }

// HostState is what a worker says of itself.
type HostState string

// The states: working, draining (it was asked to end and lets the running steps
// end), stopped (it ended in order), and too old for what the fleet writes, so
// that it does no work.
const (
	HostWorking  HostState = ""
	HostDraining HostState = "draining"
	HostStopped  HostState = "stopped"
	HostTooOld   HostState = "too old"
)

// HostSilent is after how long without a word a worker is called silent, unless
// a setting says otherwise; they report themselves every few seconds.
const HostSilent = 2 * time.Minute

// A Host is a machine with a worker, as it last reported itself.
type Host struct {
	Name     HostName  `json:"name"`
	Backend  string    `json:"backend"`
	Version  string    `json:"version"`
	Owner    string    `json:"owner"` // the worker process
	Seen     time.Time `json:"seen"`
	Free     int64     `json:"free"` // bytes free where sites are kept; -1 unknown
	Running  int       `json:"running"`
	Protocol int       `json:"protocol,omitempty"` // 0: a worker from before it was told
	State    HostState `json:"state,omitempty"`
	Since    time.Time `json:"since,omitzero"` // of State
	Place    Place     `json:"place,omitzero"` // where the worker runs
	PHP      string    `json:"php,omitempty"`  // version of PHP there; "" if there is none
	Load     float64   `json:"load,omitempty"` // runnable processes, mean of a minute
	CPUs     int       `json:"cpus,omitempty"`
	Slots    int       `json:"slots,omitempty"` // tasks at once
	Limits   []string  `json:"limits,omitempty"`
	Door     Door      `json:"door,omitzero"`      // where other hosts fetch sites that move; zero: nowhere
	Rate     int64     `json:"rate,omitempty"`     // bytes a second at which it fetched last; 0 unknown
	Installs []string  `json:"installs,omitempty"` // what new sites may be given: InstallProfile, …
	Alarm    string    `json:"alarm,omitempty"`    // id of the alarm about its silence, while it lasts
	Old      string    `json:"old,omitempty"`      // id of the alarm about its version, while it lasts
	Stuck    string    `json:"stuck,omitempty"`    // id of the alarm about sites that let nobody in, while it lasts
	Second   *Intruder `json:"second,omitempty"`   // the last worker that was refused this name
}

// A Door is where a worker gives other hosts what they may fetch: an address
// they can reach, and the fingerprint of the certificate that is shown there.
type Door struct {
	Address string `json:"address,omitempty"`
	Print   string `json:"print,omitempty"`
}

// An Intruder is a worker that asked for a name which is another's.
type Intruder struct {
	Data    string    `json:"data"` // identity of its data directory
	Place   Place     `json:"place"`
	Version string    `json:"version"`
	Seen    time.Time `json:"seen"`
}

// Key implements Record.
func (h *Host) Key() Key { return Key{Catalogue, "host", string(h.Name)} }

// Entries implements Record.
func (h *Host) Entries() []Entry {
	return []Entry{{Index: AllHosts, Member: string(h.Name)}}
}

// AllHosts lists the hosts by name.
var AllHosts = Index{Catalogue, "hosts"}

func hostRow(h *Host, name string) { h.Name = HostName(name) }

// Silent reports whether nothing was heard of h for longer than limit.
func (h Host) Silent(at time.Time, limit time.Duration) bool {
	return !h.Seen.IsZero() && at.Sub(h.Seen) > limit
}

var hostName = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$`)

// hostWords follow "hosts" on a command line, so no host can be called so.
var hostWords = []string{"pause", "resume", "handover", "release"}

// CheckHostName refuses names that cannot be typed or be part of a key.
func CheckHostName(h HostName) error {
	if !hostName.MatchString(string(h)) {
		return Errorf(Invalid, "%q cannot be the name of a host.", Clean(string(h), 60)).
			WithHint("Use up to 63 letters, digits, dots, dashes and underscores, such as web3.")
	}
	if slices.Contains(hostWords, fold(string(h))) {
		return Errorf(Invalid, "A host cannot be called %q, which is a word of a command.", h).WithHint("Call it web1, for example.")
	}
	return nil
}
