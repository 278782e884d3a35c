package local

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/internal/run"
)

// IDs is a range of user ids that sites are given, each one of its own with the
// group of the same number. They need no entry in the system's list of users.
type IDs struct {
	First, Last uint32
}

// user gives the user of a site: the one for all, or one of its own, which is
// chosen when it is asked for the first time and kept beside the site. Nil is
// this process's own user.
func (b *Backend) user(s site) (*run.User, error) {
	if b.As != nil || b.Users.First == 0 {
		return b.As, nil
	}
	u, err := s.readUser()
	if !errors.Is(err, fs.ErrNotExist) {
		return u, err
	}
	return b.chooseUser(s)
}

func (s site) readUser() (*run.User, error) {
	text, err := os.ReadFile(s.path("user.json"))
	if err != nil {
		return nil, err
	}
	var id struct {
		UID uint32 `json:"uid"`
		GID uint32 `json:"gid"` // the user's number unless it says otherwise
	}
	if err := json.Unmarshal(text, &id); err != nil || id.UID == 0 {
		return nil, fmt.Errorf("user of the site in %s: %w", s, errors.Join(err, errors.New("there must be a uid")))
	}
	if id.GID == 0 {
		id.GID = id.UID
	}
	return &run.User{UID: id.UID, GID: id.GID}, nil
}

// chooseUser takes the lowest number that no site of this machine has. A lock
// keeps two sites from choosing at once.
func (b *Backend) chooseUser(s site) (*run.User, error) {
	sites := filepath.Join(b.Data, "sites")
	if err := os.MkdirAll(string(s), 0o755); err != nil {
		return nil, err
	}
	lock, err := os.OpenFile(filepath.Join(sites, ".users.lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(sites)
	if err != nil {
		return nil, err
	}
	taken := map[uint32]bool{}
	for _, e := range entries {
		u, err := site(filepath.Join(sites, e.Name())).readUser()
		if err == nil {
			taken[u.UID] = true
		} else if !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ENOTDIR) {
			return nil, err
		}
	}
	for id := b.Users.First; id <= b.Users.Last; id++ {
		if !taken[id] {
			return &run.User{UID: id, GID: id}, writeJSON(s.path("user.json"), map[string]uint32{"uid": id})
		}
	}
	return nil, fleet.Errorf(fleet.Refused, "All %d user ids for sites are taken on host %s.", len(taken), b.Host).
		WithHint("Widen DISTROBOT_SITE_USERS there.")
}
