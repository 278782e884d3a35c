package run

import "syscall"

// credential translates as for the kernel; nil keeps the parent's identity.
func credential(as *User) *syscall.Credential {
	if as == nil {
		return nil
	}
	return &syscall.Credential{Uid: as.UID, Gid: as.GID, Groups: as.Groups}
}
