package main

import (
	"fmt"
	"os"
	"os/user"
	"strconv"

	"github.com/distrobot/distrobot/internal/run"
)

// nobodyID is the user without rights on every Linux, also where the list of
// users does not name it.
const nobodyID = 65534

// buildUser is whom foreign programs of builds run as: nil, ourselves, unless we
// are root, who never runs any. It is let through to the data directory, whose
// own files stay closed.
func (c Config) buildUser() (*run.User, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	u := &run.User{UID: nobodyID, GID: nobodyID}
	if found, err := user.Lookup(c.BuildUser); err == nil {
		uid, errU := strconv.ParseUint(found.Uid, 10, 32)
		gid, errG := strconv.ParseUint(found.Gid, 10, 32)
		if errU != nil || errG != nil || uid == 0 {
			return nil, fmt.Errorf("DISTROBOT_BUILD_USER=%s: it must be a user without rights", c.BuildUser)
		}
		u.UID, u.GID = uint32(uid), uint32(gid)
	} else if c.BuildUser != "nobody" {
		return nil, fmt.Errorf("DISTROBOT_BUILD_USER=%s: there is no such user on this machine", c.BuildUser)
	}
	info, err := os.Stat(c.Data)
	if err != nil {
		return nil, fmt.Errorf("the data directory: %w", err)
	}
	if err := os.Chmod(c.Data, info.Mode().Perm()|0o011); err != nil {
		return nil, fmt.Errorf("the data directory: %w", err)
	}
	return u, nil
}
