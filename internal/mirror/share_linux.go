package mirror

import (
	"errors"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// canShare says that this system has what sharing needs.
const canShare = true

// openBeneath opens a file below the directory root, without following any link
// on the way (openat2(2)).
func openBeneath(root int, path string) (int, error) {
	return retry(func() (int, error) {
		return unix.Openat2(root, path, &unix.OpenHow{
			Flags:   unix.O_RDONLY | unix.O_CLOEXEC | unix.O_NONBLOCK,
			Resolve: unix.RESOLVE_BENEATH | unix.RESOLVE_NO_SYMLINKS,
		})
	})
}

// link makes name a hard link to the open file; false means that the volume does
// not allow it, or that the file was deleted meanwhile.
func link(fd int, name string) (bool, error) {
	err := unix.Linkat(unix.AT_FDCWD, "/proc/self/fd/"+strconv.Itoa(fd), unix.AT_FDCWD, name, unix.AT_SYMLINK_FOLLOW)
	switch {
	case err == nil:
		return true, nil
	case errors.Is(err, unix.EEXIST), isFull(err):
		return false, &os.PathError{Op: "link", Path: name, Err: err}
	}
	return false, nil
}

// reflink gives the empty file to the blocks of from (ioctl_ficlone(2)).
func reflink(to, from int) error { return unix.IoctlFileClone(to, from) }
