package fleet

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Looking is what a distribution's policy says of the pictures that are taken of
// each site before and after its move.
type Looking string

// The values of Looking. Where pages cannot be looked at (no Chromium on the
// host, it crashed or took too long, a page that never looks the same twice), a
// person is asked, or the move goes on and says so.
const (
	LookNever  Looking = ""     // no pictures are taken
	LookOrAsk  Looking = "ask"  // what cannot be looked at holds the task for a person
	LookOrSkip Looking = "skip" // what cannot be looked at is said, and skipped
)

// The steps of a migrate task that look, and what the first keeps for the second:
// why nothing could be seen.
const (
	StepLookBefore = "look-before"
	StepLookAfter  = "look-after"
	ResultUnable   = "unable"
)

// A Sight is one page at one width, before and after a move. Shares are of the
// page's area, 0 to 1.
type Sight struct {
	Path      string  `json:"path"`
	Width     int     `json:"width"`           // CSS pixels
	Differs   float64 `json:"differs"`         // between before and after
	Noise     float64 `json:"noise"`           // between two pictures of the old site
	Threshold float64 `json:"threshold"`       // above which a person is asked
	Picture   int     `json:"picture"`         // number of its Picture, from 1; 0: none is kept
	Note      string  `json:"note,omitempty"`  // of the page's own: another status, requests that failed
	Wrong     string  `json:"wrong,omitempty"` // why it could not be looked at; the shares say nothing then
}

// Over reports whether the page looks otherwise than before.
func (s Sight) Over() bool { return s.Wrong == "" && !s.Unsure() && s.Differs > s.Threshold }

// Unsure reports whether the page differs from itself by as much as would count:
// nothing can be told of it.
func (s Sight) Unsure() bool { return s.Wrong == "" && s.Noise >= s.Threshold }

// A Look is what was seen of a site when a task moved it. It is kept for 30 days.
type Look struct {
	Task    TaskID    `json:"task"`
	Host    HostName  `json:"host"`
	Site    URI       `json:"site"`
	Plan    PlanID    `json:"plan,omitempty"`
	Policy  Looking   `json:"policy"`
	Pages   []Sight   `json:"pages,omitempty"`
	Unable  string    `json:"unable,omitempty"`  // why nothing could be seen at all
	Blocked []string  `json:"blocked,omitempty"` // hosts that pages asked in vain
	At      time.Time `json:"at"`
}

// LookID is the id of a look as a subject: "HOST/TASK".
func LookID(h HostName, t TaskID) string { return string(h) + "/" + string(t) }

// Key implements Record.
func (l *Look) Key() Key { return Key{HostFamily(l.Host), "look", string(l.Task)} }

// Entries implements Record.
func (l *Look) Entries() []Entry { return nil }

// Life implements Expiring.
func (l *Look) Life() time.Duration { return 30 * 24 * time.Hour }

// Count gives how many pages look otherwise, and of how many nothing can be told.
func (l Look) Count() (over, unsure int) {
	for _, s := range l.Pages {
		if s.Over() {
			over++
		}
		if s.Unsure() || s.Wrong != "" {
			unsure++
		}
	}
	if l.Unable != "" {
		unsure++
	}
	return over, unsure
}

// MaxPicture bounds the PNG of a Picture, in bytes: encoded in its row it stays
// below 1 MB.
const MaxPicture = 700_000

// A Picture is an image that a message shows: before, after and what differs,
// beside each other. It goes from the host to the bot by the storage, and is kept
// there for a week.
type Picture struct {
	Task TaskID   `json:"task"`
	Host HostName `json:"host"`
	N    int      `json:"n"`   // from 1
	Alt  string   `json:"alt"` // the same in words
	PNG  []byte   `json:"png"`
}

// Key implements Record.
func (p *Picture) Key() Key {
	return Key{HostFamily(p.Host), "picture", string(p.Task) + "." + strconv.Itoa(p.N)}
}

// Entries implements Record.
func (p *Picture) Entries() []Entry { return nil }

// Life implements Expiring.
func (p *Picture) Life() time.Duration { return 7 * 24 * time.Hour }

// TellShare writes a share as people do: "14 %", "0.2 %", "less than 0.1 %".
func TellShare(v float64) string {
	switch p := v * 100; {
	case p == 0:
		return "nothing"
	case p < 0.1:
		return "less than 0.1 %"
	case p < 10:
		return strings.TrimSuffix(strconv.FormatFloat(p, 'f', 1, 64), ".0") + " %"
	default:
		return strconv.FormatFloat(p, 'f', 0, 64) + " %"
	}
}

// TellSight says what was seen of a page, for the text of its picture too:
// "page /, 390 px: 14 % differs, 0.2 % is this page's noise".
func TellSight(s Sight) string {
	out := fmt.Sprintf("page %s, %d px: ", Clean(s.Path, 100), s.Width)
	switch {
	case s.Wrong != "":
		out += "it could not be looked at: " + Clean(s.Wrong, 200)
	case s.Unsure():
		out += fmt.Sprintf("it never looks the same: %s is this page's noise, its threshold is %s", TellShare(s.Noise), TellShare(s.Threshold))
	default:
		out += fmt.Sprintf("%s differs, %s is this page's noise", TellShare(s.Differs), TellShare(s.Noise))
	}
	if s.Note != "" {
		out += " (" + Clean(s.Note, 160) + ")"
	}
	return out
}
