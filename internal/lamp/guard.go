package lamp

import (
	"fmt"
	"os"
	"syscall"
)

// A guard ends a server's process group when this process is gone, however it
// went.
//
// The kernel can tie a child's life to its parent's (internal/run does), but not
// its grandchildren's: nginx and PHP-FPM fork workers, which live on when their
// master is killed. So each server has a guard beside it, a shell that waits for
// the end of a pipe whose other end only this process holds, and then kills the
// group. It is started before the server, and it is no child of internal/run,
// because it must outlive this process for a moment.
type guard struct {
	pipe    *os.File
	process *os.Process
}

// The first line names the group; a second one, or the end of the pipe before
// the first, means that there is nothing to do.
const guardScript = `read -r group || exit 0; read -r _ && exit 0; kill -KILL "-$group"`

func startGuard() (*guard, error) {
	r, w, err := os.Pipe() // neither end is inherited by other children
	if err != nil {
		return nil, err
	}
	defer r.Close()
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		return nil, err
	}
	defer null.Close()
	p, err := os.StartProcess("/bin/sh", []string{"sh", "-c", guardScript}, &os.ProcAttr{
		Dir: "/", Files: []*os.File{r, null, null}, Sys: &syscall.SysProcAttr{Setpgid: true},
	})
	if err != nil {
		_ = w.Close()
		return nil, err
	}
	return &guard{pipe: w, process: p}, nil
}

// watch names the group to end.
func (g *guard) watch(group int) { _, _ = fmt.Fprintln(g.pipe, group) }

// release lets the guard go, after its group has ended.
func (g *guard) release() {
	_, _ = fmt.Fprint(g.pipe, "released\n")
	_ = g.pipe.Close()
	_, _ = g.process.Wait()
}
