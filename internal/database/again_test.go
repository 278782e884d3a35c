package database_test

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// toldBy is the variable that makes this program the other process of a test.
const toldBy = "DISTROBOT_TEST_DATABASE"

// told returns what the other process of a test is to do; is says that we are it.
func told() (what string, is bool) { return os.LookupEnv(toldBy) }

// A process is this program again, running the same test told otherwise, so that
// it can be killed as a worker or a site's program can.
type process struct {
	cmd *exec.Cmd
	out *bufio.Scanner
	in  io.Closer // it may wait for the end of its input
}

// again starts the other process. It ends with the test at the latest.
func again(t *testing.T, what string) *process {
	t.Helper()
	p := &process{cmd: exec.Command(os.Args[0], "-test.run=^"+strings.ReplaceAll(t.Name(), "/", "$/^")+"$")}
	p.cmd.Env = append(os.Environ(), toldBy+"="+what)
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	p.cmd.Stderr = os.Stderr
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p.out = bufio.NewScanner(out)
	t.Cleanup(p.kill)
	return p
}

// ready waits for a line that begins with "ready" and returns the rest of it.
func (p *process) ready(t *testing.T) string {
	t.Helper()
	for p.out.Scan() {
		if rest, ok := strings.CutPrefix(p.out.Text(), "ready"); ok {
			return rest
		}
	}
	t.Fatal("the other process ended before it was ready")
	return ""
}

// kill ends the process as a crash does.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait() // killed, or it has ended before
}
