package fleet

import (
	"fmt"
	"time"
)

// A Cursor remembers, for one distribution, what its repository showed when it
// was last read, so that each head move is one event over any number of
// replicas: it moves in the same commit that records the event.
type Cursor struct {
	Distribution DistName          `json:"dist"`
	Rules        int64             `json:"rules"`            // Distribution.Rules it was read under
	Tracks       string            `json:"tracks,omitempty"` // what was read: Distribution.tracks; another value starts anew
	Head         Ref               `json:"head,omitzero"`    // the best tag or the branch, as announced or built
	Tags         map[string]string `json:"tags,omitempty"`   // matching tags and their commits, to notice moved ones; newest 500
	Checked      time.Time         `json:"checked,omitzero"`
	Failing      string            `json:"failing,omitempty"` // why it cannot be read, one sentence; "" when it can
	Fails        int               `json:"fails,omitempty"`   // failed polls in a row
	Alarm        string            `json:"alarm,omitempty"`   // id of the alarm about Failing, while it lasts
	Hooked       time.Time         `json:"hooked,omitzero"`   // when the last webhook came
}

// Key implements Record.
func (c *Cursor) Key() Key { return Key{Catalogue, "cursor", fold(string(c.Distribution))} }

// Entries implements Record.
func (c *Cursor) Entries() []Entry { return nil }

// A Poll is the schedule of one URL over all distributions that track it.
type Poll struct {
	URL    string    `json:"url"`
	Next   time.Time `json:"next"` // when it is due; raised by the lease of the one who reads it
	Owner  string    `json:"owner,omitempty"`
	Fails  int       `json:"fails,omitempty"`
	Caps   string    `json:"caps,omitempty"` // what the server can do, so that the next poll is one request
	Capsed time.Time `json:"capsed,omitzero"`
}

// Key implements Record.
func (p *Poll) Key() Key { return Key{Catalogue, "poll", p.URL} }

// Entries implements Record: by the time it is due.
func (p *Poll) Entries() []Entry {
	return []Entry{{PollsDue, p.URL, p.Next.UnixMilli()}}
}

// SavesWorkOnly implements Hint: whatever a poll shows is read from the
// repository itself.
func (p *Poll) SavesWorkOnly() {}

// PollsDue orders the polled URLs by the time they are due.
var PollsDue = Index{Catalogue, "polls"}

// NewsState is where an announcement stands.
type NewsState string

// The states. An open or snoozed announcement is amended by newer heads; any
// other state makes the next head move a new announcement.
const (
	NewsOpen       NewsState = "open"
	NewsSnoozed    NewsState = "snoozed"
	NewsBuilding   NewsState = "building"
	NewsBuilt      NewsState = "built"
	NewsFailed     NewsState = "failed" // the build failed; Build may be pressed again
	NewsSuperseded NewsState = "superseded"
	NewsIgnored    NewsState = "ignored" // people do not want this version
)

// An Announcement is one root message about what a tracked repository newly
// offers. It shows the newest head, also when more arrived before anyone acted.
type Announcement struct {
	ID           string       `json:"id"` // "DIST/N"
	Distribution DistName     `json:"dist"`
	From         Ref          `json:"from,omitzero"` // what was known, or built, before
	To           Ref          `json:"to"`
	Moves        int          `json:"moves"` // head moves it stands for
	Rewritten    bool         `json:"rewritten,omitempty"`
	Commits      []Commit     `json:"commits,omitempty"` // newest first, at most 20
	Total        int          `json:"total"`             // commits between From and To; -1 unknown
	State        NewsState    `json:"state"`
	Platform     PlatformName `json:"platform,omitempty"` // what was built from it
	Until        time.Time    `json:"until,omitzero"`     // snoozed until
	By           Actor        `json:"by,omitzero"`        // who acted
	At           time.Time    `json:"at"`
	Channel      string       `json:"channel,omitempty"`
	Others       []string     `json:"others,omitempty"`   // other new versions since From, newest first, at most 20
	Web          string       `json:"web,omitempty"`      // compare link, https only
	Note         string       `json:"note,omitempty"`     // what the tag or its release says; foreign, cleaned
	Security     bool         `json:"security,omitempty"` // something about it says that it mends a security hole
	Ripe         time.Time    `json:"ripe,omitzero"`      // counts as ready from then on: nothing builds it by itself before
	Held         time.Time    `json:"held,omitzero"`      // not shown before, because people want quiet
	Released     bool         `json:"released,omitempty"` // Note is of the release that the forge shows
	Page         string       `json:"page,omitempty"`     // of that release, https only
	Locks        []LockChange `json:"locks,omitempty"`    // between From and To, at most 4
}

// A LockChange is what changed in one file that says which packages a code base
// is made of: a lock, or a makefile.
type LockChange struct {
	Path string `json:"path"`
	Rows []Row  `json:"rows"`           // those that matter most, at most 12
	More int    `json:"more,omitempty"` // rows beyond
}

// A Commit as people are told of it; all text is foreign and was cleaned.
type Commit struct {
	Hash    string    `json:"hash"`
	Author  string    `json:"author"`
	At      time.Time `json:"at"`
	Subject string    `json:"subject"`
}

// Key implements Record.
func (a *Announcement) Key() Key { return Key{Catalogue, "news", a.ID} }

// Entries implements Record: by distribution, oldest first; snoozed ones and
// those held back also by the time they wake.
func (a *Announcement) Entries() []Entry {
	out := []Entry{{NewsOf(a.Distribution), a.ID, a.At.UnixMilli()}}
	if a.State == NewsSnoozed {
		out = append(out, Entry{Snoozed, a.ID, a.Until.UnixMilli()})
	} else if !a.Held.IsZero() {
		out = append(out, Entry{Snoozed, a.ID, a.Held.UnixMilli()})
	}
	return out
}

// NewsOf lists the announcements of a distribution, oldest first.
func NewsOf(d DistName) Index { return Index{Catalogue, "dist:" + fold(string(d)) + ":news"} }

// Snoozed orders announcements that are snoozed or held back by the time they
// wake.
var Snoozed = Index{Catalogue, "snoozed"}

// NewsID makes the id of a distribution's nth announcement.
func NewsID(d DistName, n int) string { return fmt.Sprintf("%s/%d", d, n) }

// Open reports whether newer heads are folded into a.
func (a Announcement) Open() bool { return a.State == NewsOpen || a.State == NewsSnoozed }
