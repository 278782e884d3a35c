package store_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/store"
	"github.com/distrobot/distrobot/store/storetest"
)

// A modern stands before a Redis that knows no WAITAOF and answers it as a
// newer one does: after a write on the same connection it is content.
type modern struct {
	socket  string
	mu      sync.Mutex
	answer  string // to WAITAOF that follows a write
	asked   int
	foreign int // WAITAOF on a connection that had written nothing right before
}

func newModern(t *testing.T, to string) *modern {
	t.Helper()
	dir, err := os.MkdirTemp("", "modern")
	if err != nil {
		t.Fatal(err)
	}
	m := &modern{socket: filepath.Join(dir, "s"), answer: "*2\r\n:1\r\n:0\r\n"}
	l, err := net.Listen("unix", m.socket)
	if err != nil {
		t.Fatal(err)
	}
	var open sync.WaitGroup
	open.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			open.Go(func() { m.serve(c, to) })
		}
	})
	t.Cleanup(func() { l.Close(); open.Wait(); os.RemoveAll(dir) })
	return m
}

// serve passes whole commands on, one after the other, and their answers back.
func (m *modern) serve(client net.Conn, to string) {
	defer client.Close()
	server, err := net.Dial("unix", to)
	if err != nil {
		return
	}
	defer server.Close()
	in, out := bufio.NewReader(client), bufio.NewReader(server)
	wrote := false
	for {
		command, words, err := readCommand(in)
		if err != nil {
			return
		}
		if words[0] == "WAITAOF" {
			if _, err := io.WriteString(client, m.wait(wrote)); err != nil {
				return
			}
			continue
		}
		wrote = words[0] == "PEXPIRE"
		if _, err := server.Write(command); err != nil {
			return
		}
		var reply bytes.Buffer
		if err := readReply(out, &reply); err != nil {
			return
		}
		text := bytes.ReplaceAll(reply.Bytes(), []byte("redis_version:7.0."), []byte("redis_version:7.2."))
		if _, err := client.Write(text); err != nil {
			return
		}
	}
}

func (m *modern) wait(wrote bool) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.asked++
	if !wrote {
		m.foreign++
	}
	return m.answer
}

func (m *modern) answers(with string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.answer = with
}

// readCommand reads an array of words.
func readCommand(in *bufio.Reader) ([]byte, []string, error) {
	var raw bytes.Buffer
	if err := readReply(in, &raw); err != nil {
		return nil, nil, err
	}
	lines := strings.Split(raw.String(), "\r\n")
	return raw.Bytes(), []string{strings.ToUpper(lines[2])}, nil
}

// readReply copies one value of the protocol.
func readReply(in *bufio.Reader, to *bytes.Buffer) error {
	line, err := in.ReadString('\n')
	if err != nil {
		return err
	}
	to.WriteString(line)
	n, err := strconv.Atoi(strings.TrimSpace(line[1:]))
	switch line[0] {
	case '$', '=':
		if err != nil || n < 0 {
			return err
		}
		_, err = io.CopyN(to, in, int64(n+2))
		return err
	case '*', '%', '~':
		if line[0] == '%' {
			n *= 2
		}
		for range n {
			if err := readReply(in, to); err != nil {
				return err
			}
		}
		return err
	}
	return nil
}

// TestWaitAOF asserts that what authorises waits for the disk on the connection
// that wrote last, where the disk is written each second; that an answer which
// does not come in time leaves the commit and says so; and that a server which
// writes before each answer, or knows no WAITAOF, is not asked.
func TestWaitAOF(t *testing.T) {
	for _, tt := range []struct {
		fsync, answer string
		asked, unsure bool
	}{
		{"everysec", "*2\r\n:1\r\n:0\r\n", true, false},
		{"everysec", "*2\r\n:0\r\n:0\r\n", true, true},
		{"everysec", "-ERR unknown command 'WAITAOF'\r\n", true, false},
		{"always", "", false, false},
	} {
		t.Run(fmt.Sprintf("%s %.10q", tt.fsync, tt.answer), func(t *testing.T) {
			m := newModern(t, storetest.Start(t, "--appendfsync", tt.fsync).Socket())
			m.answers(tt.answer)
			s, err := store.Open(t.Context(), store.Options{URL: "unix://" + m.socket, Key: []byte("k"), Log: slog.New(slog.DiscardHandler)})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			if err := putSite(t, s, "other"); err != nil || m.asked > 0 {
				t.Fatalf("%v, asked %d times for what need not last", err, m.asked)
			}
			var wg sync.WaitGroup
			for i := range 8 {
				wg.Go(func() {
					if unsure, err := authorise(t, s, fleet.URI(fmt.Sprint("s", i))); err != nil || unsure != tt.unsure {
						t.Errorf("unsure %v, %v", unsure, err)
					}
				})
			}
			wg.Wait()
			m.mu.Lock()
			defer m.mu.Unlock()
			if (m.asked == 8) != tt.asked || m.foreign > 0 {
				t.Errorf("asked %d times, %d on a connection that had not written", m.asked, m.foreign)
			}
		})
	}
}

// TestReplicaConfirms asserts that a commit which must last waits for the
// replica, and says so when that does not come.
func TestReplicaConfirms(t *testing.T) {
	group := storetest.StartSentinel(t)
	s, err := store.Open(t.Context(), store.Options{URL: group.URL(), Key: []byte("k"), Log: slog.New(slog.DiscardHandler), Recheck: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	await(t, func() bool { unsure, err := authorise(t, s, "a"); return err == nil && !unsure })
	if n := s.Client().Do(t.Context(), "WAIT", 1, 1).Val(); n != int64(1) {
		t.Errorf("the replica lacks it: %v", n)
	}
	awake := group.FreezeReplica()
	if unsure, err := authorise(t, s, "a"); err != nil || !unsure {
		t.Errorf("unsure %v, %v", unsure, err)
	}
	awake()
	await(t, func() bool { unsure, err := authorise(t, s, "a"); return err == nil && !unsure })
}
