package local

import (
	"io/fs"
	"os"
	"syscall"

	"github.com/distrobot/distrobot/internal/run"
)

// owner is the user a copy is given to; nil keeps each file's own.
type owner = *run.User

// own sets the owner of a copied entry. Without root there is only one user.
func (k *copier) own(info fs.FileInfo, to string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	if k.owner != nil {
		return os.Lchown(to, int(k.owner.UID), int(k.owner.GID))
	}
	if st, ok := info.Sys().(*syscall.Stat_t); ok && !k.seed {
		return os.Lchown(to, int(st.Uid), int(st.Gid))
	}
	return nil
}
