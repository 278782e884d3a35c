package aegir

import (
	"context"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/internal/run"
)

// An SSH is how the machine of Aegir is reached from another one: by one
// connection that all calls share. Its host key must be in KnownHosts.
type SSH struct {
	Host, User string
	Port       int // 0 means 22
	Key        string
	KnownHosts string
	Control    string // path of the shared connection's socket, in a directory that is ours alone

	mu   sync.Mutex
	stop context.CancelFunc
	gone chan struct{} // closed when the connection is
}

// lost is ssh's own exit code: the connection failed or broke off, and nobody
// can tell what became of the command.
const lost = 255

// args are those before the command. Nothing is asked, or taken from elsewhere.
func (s *SSH) args() []string {
	port := s.Port
	if port == 0 {
		port = 22
	}
	return []string{
		"-F", "none", "-oBatchMode=yes", "-oStrictHostKeyChecking=yes", "-oUserKnownHostsFile=" + s.KnownHosts, "-oGlobalKnownHostsFile=/dev/null",
		"-oUpdateHostKeys=no", "-oIdentitiesOnly=yes", "-oIdentityAgent=none", "-oIdentityFile=" + s.Key, "-oPreferredAuthentications=publickey",
		"-oForwardAgent=no", "-oForwardX11=no", "-oPermitLocalCommand=no", "-oEscapeChar=none", "-oConnectTimeout=15",
		"-oServerAliveInterval=15", "-oServerAliveCountMax=4", "-oLogLevel=ERROR", "-S", s.Control,
		"-p", fmt.Sprint(port), "-l", s.User,
	}
}

// connect makes sure that there is a connection to share. Without one, each
// call would make its own, which is slow and not wrong.
func (s *SSH) connect(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gone != nil {
		select {
		case <-s.gone:
		default:
			return nil
		}
	}
	_ = os.Remove(s.Control) // of a worker that was killed
	live, stop := context.WithCancel(context.WithoutCancel(ctx))
	gone, failed := make(chan struct{}), error(nil)
	s.stop, s.gone = stop, gone
	go func() {
		defer close(gone)
		_, failed = run.Run(live, run.Command{Program: "ssh", Args: append(s.args(), "-M", "-N", "--", s.Host), Env: run.Environ()})
	}()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		if _, err := os.Stat(s.Control); err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-gone:
			return fleet.Errorf(fleet.Later, "The Aegir host %s cannot be reached over SSH.", s.Host).
				WithHint("Its host key must be in the file of known hosts, and the key be accepted there.").Because(failed)
		case <-tick.C:
		}
	}
}

// Close ends the connection. Tasks go on.
func (s *SSH) Close() {
	s.mu.Lock()
	stop, gone := s.stop, s.gone
	s.mu.Unlock()
	if stop != nil {
		stop()
		<-gone
	}
}
