package mirrortest

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/user"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/distrobot/distrobot/internal/run"
)

// An SSHServer is a real sshd on a free loopback port, for the user who runs the
// test. Repositories are reached by their absolute paths.
type SSHServer struct {
	Port string
	User string
	// Key is a private key that the server accepts, Stranger one that it does not.
	Key, Stranger string
	// KnownHosts names the server's key; OtherHosts has another key for it, and
	// NoHosts is empty.
	KnownHosts, OtherHosts, NoHosts string
	// Bin is a directory where programs of the server are looked for first.
	Bin string
}

// URL is the address of a repository on s.
func (s *SSHServer) URL(dir string) string {
	return "ssh://" + s.User + "@127.0.0.1:" + s.Port + dir
}

// ServeSSH starts an SSHServer that ends with the test.
func ServeSSH(t testing.TB) *SSHServer {
	t.Helper()
	who, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	if os.Geteuid() == 0 { // sshd demands it
		if err := os.MkdirAll("/run/sshd", 0o755); err != nil {
			t.Fatal(err)
		}
	}
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	s := &SSHServer{User: who.Username, Key: at("key"), Stranger: at("stranger"), KnownHosts: at("known"), OtherHosts: at("other"), NoHosts: at("none"), Bin: at("bin")}
	if err := os.Mkdir(s.Bin, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"host", "key", "stranger"} {
		args := []string{"-q", "-t", "ed25519", "-N", "", "-C", name, "-f", at(name)}
		if _, err := run.Run(t.Context(), run.Command{Program: "ssh-keygen", Args: args, Env: run.Environ()}); err != nil {
			t.Fatal(err)
		}
	}
	s.Port = freePort(t)
	write(t, at("authorized"), read(t, at("key.pub")))
	write(t, s.KnownHosts, "[127.0.0.1]:"+s.Port+" "+read(t, at("host.pub")))
	write(t, s.OtherHosts, "[127.0.0.1]:"+s.Port+" "+read(t, at("stranger.pub")))
	write(t, s.NoHosts, "")
	write(t, at("config"), fmt.Sprintf(`ListenAddress 127.0.0.1
Port %s
HostKey %s
AuthorizedKeysFile %s
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
AcceptEnv GIT_PROTOCOL
SetEnv PATH=%s:/usr/local/bin:/usr/bin:/bin
MaxStartups 100
`, s.Port, at("host"), at("authorized"), s.Bin))
	s.start(t, at("config"))
	return s
}

// start runs sshd until the test ends and returns when it answers.
func (s *SSHServer) start(t testing.TB, config string) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() {
		result, err := run.Run(ctx, run.Command{Program: "/usr/sbin/sshd", Args: []string{"-D", "-e", "-f", config}, Env: run.Environ()})
		ended <- fmt.Errorf("%w\n%s", err, result.Stderr)
	}()
	t.Cleanup(func() {
		stop()
		<-ended
	})
	for {
		conn, err := net.DialTimeout("tcp", "127.0.0.1:"+s.Port, time.Second)
		if err == nil {
			_ = conn.Close()
			return
		}
		select {
		case err := <-ended:
			ended <- err
			t.Fatalf("sshd ended: %v", err)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// freePort gives a port of 127.0.0.1 that nothing listens on at the moment.
func freePort(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

func read(t testing.TB, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(b)) + "\n"
}

func write(t testing.TB, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}
