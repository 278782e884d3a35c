package fleet

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"time"
)

// A Lookout is the schedule by which a distribution is looked at for newer
// packages although nothing was committed to its repository. It exists from
// the first ready platform that has a lock.
type Lookout struct {
	Distribution DistName     `json:"dist"`
	Looked       time.Time    `json:"looked"`          // when a look was ordered last
	Task         TaskID       `json:"task,omitempty"`  // the look under way
	Base         PlatformName `json:"base,omitempty"`  // whose lock it refreshes
	N            int          `json:"n,omitempty"`     // number of the latest Refresh
	Fails        int          `json:"fails,omitempty"` // failed looks in a row
	Failing      string       `json:"failing,omitempty"`
	Alarm        string       `json:"alarm,omitempty"` // id of the alarm about Failing, while it lasts
}

// Key implements Record.
func (l *Lookout) Key() Key { return Key{Catalogue, "lookout", fold(string(l.Distribution))} }

// Entries implements Record: by the time of the last look.
func (l *Lookout) Entries() []Entry {
	return []Entry{{Lookouts, string(l.Distribution), l.Looked.UnixMilli()}}
}

// Lookouts orders distributions by when they were looked at last.
var Lookouts = Index{Catalogue, "lookouts"}

// A Move is one package that a refreshed lock has in another version.
type Move struct {
	Row
	Commits int  `json:"commits,omitempty"` // a development line went on by so many; -1 unknown
	Major   bool `json:"major,omitempty"`   // the first number of the version is another
}

// A RefreshState is where an offered refresh stands. Once it was built, its
// platform's state is what people see.
type RefreshState string

// The states.
const (
	RefreshOpen       RefreshState = "open"
	RefreshOrdered    RefreshState = "ordered"    // a platform was ordered of it
	RefreshSuperseded RefreshState = "superseded" // another look or build has replaced it
)

// A Refresh offers newer packages for a platform whose own repository has not
// changed. One is open per distribution at most; it is edited while nobody has
// acted on it.
type Refresh struct {
	ID           string       `json:"id"` // RefreshID
	Distribution DistName     `json:"dist"`
	Base         PlatformName `json:"base"` // whose lock was refreshed
	Ref          Ref          `json:"ref"`  // of Base: the same commit is built again
	Moves        []Move       `json:"moves"`
	Total        int          `json:"total"`          // of moves; Moves keeps the first MaxMoves
	Majors       int          `json:"majors"`         // of them
	Lock         string       `json:"lock"`           // sha256 of the refreshed lock
	Note         string       `json:"note,omitempty"` // what would keep it from being built, one sentence
	State        RefreshState `json:"state"`
	Platform     PlatformName `json:"platform,omitempty"` // built, or being built, of it
	By           Actor        `json:"by,omitzero"`
	At           time.Time    `json:"at"`
	Channel      string       `json:"channel,omitempty"`
}

// MaxMoves bounds the moves that are kept of a refresh.
const MaxMoves = 300

// RefreshID makes the id of a distribution's nth refresh.
func RefreshID(d DistName, n int) string { return fmt.Sprintf("%s/%d", d, n) }

// Key implements Record.
func (r *Refresh) Key() Key { return Key{Catalogue, "refresh", fold(r.ID)} }

// Entries implements Record.
func (r *Refresh) Entries() []Entry { return nil }

// same reports whether two refreshes offer the same.
func (r Refresh) same(o Refresh) bool {
	return r.Base == o.Base && r.Total == o.Total && r.fingerprint() == o.fingerprint()
}

func (r Refresh) fingerprint() string {
	var b strings.Builder
	for _, m := range r.Moves {
		fmt.Fprintf(&b, "%s|%s|%s|%s\n", m.Type, m.Package, m.From, m.To)
	}
	return b.String()
}

// MaxLockfile bounds a lock that is kept, in bytes; the largest real one seen,
// of 258 packages, has 600 KB.
const MaxLockfile = 8 << 20

// A Lockfile keeps a refreshed lock: for its offer, and then for its platform
// for as long as that may be built on another host.
type Lockfile struct {
	Owner string `json:"owner"` // LockOfRefresh or LockOfPlatform
	Sum   string `json:"sum"`   // sha256 of the content
	Data  string `json:"data"`  // the content, gzip in base64
}

// LockOfRefresh owns the lock that a distribution is offered.
func LockOfRefresh(d DistName) string { return "refresh:" + fold(string(d)) }

// LockOfPlatform owns the lock that a platform is built with.
func LockOfPlatform(p PlatformName) string { return "platform:" + string(p) }

// Key implements Record.
func (l *Lockfile) Key() Key { return Key{Catalogue, "lockfile", l.Owner} }

// Entries implements Record.
func (l *Lockfile) Entries() []Entry { return nil }

// Pack puts a lock into l.
func (l *Lockfile) Pack(lock []byte) error {
	if len(lock) > MaxLockfile {
		return Errorf(Refused, "The refreshed lock is larger than %d MiB.", MaxLockfile>>20)
	}
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(lock); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	l.Sum, l.Data = sumOf(lock), base64.StdEncoding.EncodeToString(b.Bytes())
	return nil
}

// Unpack gives the lock, which must be the one of Sum.
func (l Lockfile) Unpack() ([]byte, error) {
	z, err := gzip.NewReader(base64.NewDecoder(base64.StdEncoding, strings.NewReader(l.Data)))
	if err != nil {
		return nil, fmt.Errorf("lock of %s: %w", l.Owner, err)
	}
	out, err := io.ReadAll(io.LimitReader(z, MaxLockfile+1))
	if err != nil {
		return nil, fmt.Errorf("lock of %s: %w", l.Owner, err)
	}
	if sumOf(out) != l.Sum {
		return nil, Errorf(Tampered, "The refreshed lock of %s is not what was kept.", l.Owner)
	}
	return out, nil
}

func sumOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// Refreshable reports whether platforms of this source are made from a lock
// that can be refreshed.
func (s Source) Refreshable() bool { return s.Type == "composer" || s.Type == "makefile" }

// Moves tells what a refreshed lock changes, given the packages before and
// after.
func Moves(before, after []Package) []Move {
	rows := Compare(PlatformFacts{Packages: before}, PlatformFacts{Packages: after}, nil).Rows
	out := make([]Move, len(rows))
	for i, row := range rows {
		if strings.Contains(row.From+row.To, "#") && row.From != "" && row.To != "" {
			row.Change = Changed // commits have no order that their names tell
		}
		out[i] = Move{Row: row, Commits: -1, Major: row.Change == Upgraded && otherMajor(row.From, row.To)}
	}
	return out
}

// otherMajor reports whether the first numbers of two versions differ.
func otherMajor(from, to string) bool {
	a, ok1 := ParseVersion(from)
	b, ok2 := ParseVersion(to)
	return ok1 && ok2 && at(a.nums, 0) != at(b.nums, 0)
}
