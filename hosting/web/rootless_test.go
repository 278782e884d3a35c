package web_test

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// Without root everything runs as one user. When these tests run as root, they
// run a second time as somebody else.
func TestRootless(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Log("all tests of this run are without root")
		return
	}
	dir, err := os.MkdirTemp("", "web")
	must(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	uid, gid := account(t, "nobody")
	must(t, os.Chown(dir, int(uid), int(gid)))
	self := filepath.Join(dir, "web.test")
	copyFile(t, "/proc/self/exe", self)
	cmd := exec.Command(self, "-test.run=^(TestServe|TestHold|TestDrainSeesRequests|TestCheck|TestDrop|TestProblems)$", "-test.v")
	cmd.Dir = dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "TMPDIR=" + dir}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: gid}, Pdeathsig: syscall.SIGKILL}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	in, err := os.Open(from)
	must(t, err)
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY, 0o755)
	must(t, err)
	_, err = io.Copy(out, in)
	must(t, err)
	must(t, out.Close())
}
