package mirror

import (
	"os"

	"golang.org/x/sys/unix"
)

// pipeBytes is what /proc/sys/fs/pipe-max-size allows everybody by default: git
// goes on unpacking while files are being made.
const pipeBytes = 1 << 20

// widen lets a pipe hold more; it works as it is, too.
func widen(pipe *os.File) { _, _ = unix.FcntlInt(pipe.Fd(), unix.F_SETPIPE_SZ, pipeBytes) }
