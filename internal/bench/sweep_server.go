package bench

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"time"
)

// sweepServerEnv in the environment makes the bench command the server of the
// sweep instead.
const sweepServerEnv = "DISTROBOT_BENCH_SWEEP_SERVER"

// sweepSizes are how many refs the repositories have: the mixture of a fleet of
// Drupal distributions (small ones, lightning, drupal/core, WordPress, Open
// Social), by the number of a repository out of twenty.
var sweepSizes = [20]int{72, 72, 72, 72, 72, 72, 72, 72, 72, 72, 911, 911, 911, 911, 558, 558, 558, 946, 946, 5344}

func sweepURL(server string, i int) string { return fmt.Sprintf("%s/%d/r%d.git", server, i%20, i) }

// startSweepServer runs this program again as the server and gives its URL.
func startSweepServer(ctx context.Context) (url string, stop func(), err error) {
	if os.Getenv(sweepServerEnv) != "" {
		return "", nil, fmt.Errorf("%s is set, but this program measures", sweepServerEnv)
	}
	self, err := os.Executable()
	if err != nil {
		return "", nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	cmd := exec.CommandContext(ctx, self)
	cmd.Env = append(os.Environ(), sweepServerEnv+"=1")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		cancel()
		return "", nil, err
	}
	in, err := cmd.StdinPipe() // closed with us: the server ends when we do
	if err != nil {
		cancel()
		return "", nil, err
	}
	if err := cmd.Start(); err != nil {
		cancel()
		return "", nil, err
	}
	stop = func() {
		_ = in.Close()
		cancel()
		_ = cmd.Wait() // it was killed on purpose
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		stop()
		return "", nil, fmt.Errorf("the server of the sweep did not start: %w", err)
	}
	return strings.TrimSpace(line), stop, nil
}

// ServeSweep is the server, if the environment asks for it; it reports whether
// it was, and ends with its standard input.
func ServeSweep(context.Context) (bool, error) {
	if os.Getenv(sweepServerEnv) == "" {
		return false, nil
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return true, err
	}
	fmt.Printf("http://%s\n", l.Addr())
	server := &http.Server{Handler: newSweepHandler(), ReadHeaderTimeout: 10 * time.Second}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		_ = server.Close()
	}()
	if err := server.Serve(l); err != http.ErrServerClosed {
		return true, err
	}
	return true, nil
}

// newSweepHandler answers from memory, as far away as sweepLatency: version 2 to
// those who ask for it, the whole list of version 0 to others.
func newSweepHandler() http.Handler {
	hash := strings.Repeat("ab", 20)
	v2 := packet("version 2\n") + packet("agent=git/2.39.5\n") + packet("ls-refs=unborn\n") + packet("fetch=shallow\n") + packet("object-format=sha1\n") + "0000"
	branch := packet(hash+" refs/heads/main\n") + "0000"
	lists := map[string]string{}
	for i, size := range sweepSizes {
		lists[fmt.Sprint(i)] = listing(hash, size)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		time.Sleep(sweepLatency) // the distance that is played
		kind, body := "advertisement", v2
		if r.Method == http.MethodPost {
			kind, body = "result", branch
		} else if r.Header.Get("Git-Protocol") != "version=2" {
			class, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
			body = lists[class]
		}
		w.Header().Set("Content-Type", "application/x-git-upload-pack-"+kind)
		_, _ = io.WriteString(w, body)
	})
}

// listing is a version 0 advertisement of size refs.
func listing(hash string, size int) string {
	var b strings.Builder
	b.WriteString(packet("# service=git-upload-pack\n") + "0000")
	b.WriteString(packet(hash + " HEAD\x00multi_ack ofs-delta symref=HEAD:refs/heads/main agent=git/2.39.5\n"))
	b.WriteString(packet(hash + " refs/heads/main\n"))
	for i := range size - 2 {
		b.WriteString(packet(fmt.Sprintf("%s refs/tags/1.%06d.0\n", hash, i)))
	}
	return b.String() + "0000"
}

func packet(line string) string { return fmt.Sprintf("%04x%s", len(line)+4, line) }
