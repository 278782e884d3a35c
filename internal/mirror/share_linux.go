package mirror

import (
	"errors"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// canShare says that this system has what sharing needs.
const canShare = true

// openBeneath opens a directory below root without following any link on the way
// (openat2(2)).
func openBeneath(root int, dir string) (int, error) {
	return retry(func() (int, error) {
		return unix.Openat2(root, dir, &unix.OpenHow{
			Flags:   unix.O_PATH | unix.O_DIRECTORY | unix.O_CLOEXEC,
			Resolve: unix.RESOLVE_BENEATH | unix.RESOLVE_NO_SYMLINKS,
		})
	})
}

// openDirectory opens a directory that this process has just made.
func openDirectory(root, dir string) (int, error) {
	return retry(func() (int, error) {
		return unix.Open(root+"/"+dir, unix.O_PATH|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	})
}

// openHere opens a file of an open directory for reading, but no link.
func openHere(dir int, base string) (int, error) {
	return retry(func() (int, error) {
		return unix.Openat(dir, base, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	})
}

// link makes base in the open directory a hard link to the open file; false means
// that the volume does not allow it, or that the file was deleted meanwhile.
// Without CAP_DAC_READ_SEARCH older kernels link an open file only by its name
// in /proc (open(2)).
func link(fd, dir int, base string) (bool, error) {
	err := unix.Linkat(fd, "", dir, base, unix.AT_EMPTY_PATH)
	if errors.Is(err, unix.ENOENT) || errors.Is(err, unix.EPERM) {
		err = unix.Linkat(unix.AT_FDCWD, "/proc/self/fd/"+strconv.Itoa(fd), dir, base, unix.AT_SYMLINK_FOLLOW)
	}
	switch {
	case err == nil:
		return true, nil
	case errors.Is(err, unix.EEXIST), isFull(err):
		return false, &os.PathError{Op: "link", Path: base, Err: err}
	}
	return false, nil
}

// reflink gives the empty file to the blocks of from (ioctl_ficlone(2)).
func reflink(to, from int) error { return unix.IoctlFileClone(to, from) }
