package makefile

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/distrobot/distrobot/fleet"
)

// LockFile is the name of the lock at the top of a platform built from a
// makefile. LockSuffix after a makefile's name makes that of the lock which its
// repository may keep: builds then take exactly what it says.
const (
	LockFile   = "distrobot.lock.json"
	LockSuffix = ".lock.json"
	MaxLock    = 16 << 20 // bytes
)

// A Lock says what a platform was made of. Two builds of one lock give the same
// tree. It holds no times and no names of hosts.
type Lock struct {
	Version  int      `json:"version"` // 1
	Core     string   `json:"core"`    // "7.x"
	Projects []Locked `json:"projects"`
}

// Locked is one project as it was used.
type Locked struct {
	Key     string        `json:"key"` // Project.Key, after those of the projects whose own makefiles name it
	Path    string        `json:"path"`
	Kind    Kind          `json:"kind"`
	Version string        `json:"version,omitempty"`
	URL     string        `json:"url"`
	Ref     string        `json:"ref,omitempty"`    // the branch or tag Commit was on
	Commit  string        `json:"commit,omitempty"` // of a repository
	SHA256  string        `json:"sha256,omitempty"` // of a file, or of a directory's content
	Subtree string        `json:"subtree,omitempty"`
	Asked   string        `json:"asked"` // what the makefile said, see Asked
	Note    string        `json:"note,omitempty"`
	Patches []LockedPatch `json:"patches,omitempty"`
}

// LockedPatch is one patch as it was applied.
type LockedPatch struct {
	URL    string `json:"url"`
	SHA256 string `json:"sha256"`
}

// Asked condenses what a makefile says of p, wherever it stands, so that a lock
// made for other words is noticed.
func (p Project) Asked() string {
	d := p.Download
	d.Pos = Pos{}
	h := sha256.New()
	fmt.Fprintf(h, "%q %q %q %q %+v", p.Key(), p.Kind, p.Version, p.Contrib+"|"+p.Subdir+"|"+p.Directory+"|"+p.Destination, d)
	for _, patch := range p.Patches {
		fmt.Fprintf(h, " %q %+v", patch.URL, patch.Sums)
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// Encode writes a lock: by key, so that equal builds write equal files.
func (l Lock) Encode() ([]byte, error) {
	l.Version = 1
	slices.SortFunc(l.Projects, func(a, b Locked) int { return strings.Compare(a.Key, b.Key) })
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(l)
	return out.Bytes(), err
}

// DecodeLock reads a lock called name.
func DecodeLock(name string, b []byte) (Lock, error) {
	var l Lock
	wrong := fleet.Errorf(fleet.Invalid, "The lock %s is not right.", quote(name)).
		WithHint("Take the %s of a platform that was built, or delete it.", LockFile)
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&l); err != nil {
		return l, wrong.Because(err)
	}
	if _, err := d.Token(); err != io.EOF || l.Version != 1 {
		return l, wrong.Because(err)
	}
	for _, p := range l.Projects {
		if p.Key == "" || p.URL == "" || p.Commit == "" && p.SHA256 == "" || !isHex(p.Commit) || !isHex(p.SHA256) {
			return l, wrong
		}
	}
	return l, nil
}

func isHex(s string) bool { return strings.Trim(s, "0123456789abcdef") == "" }

// Find gives the entry of key. The second result tells whether there is one.
func (l Lock) Find(key string) (Locked, bool) {
	for _, p := range l.Projects {
		if p.Key == key {
			return p, true
		}
	}
	return Locked{}, false
}
