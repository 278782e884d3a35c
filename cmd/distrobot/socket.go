package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

// errNoSocket means that no try or serve listens on this data directory.
var errNoSocket = errors.New("nobody listens")

// doRequest is one command line sent over the socket, or one request of apply
// and export.
type doRequest struct {
	Text   string `json:"text"`
	As     string `json:"as,omitempty"`
	Apply  string `json:"apply,omitempty"` // a manifest instead of a command
	Yes    bool   `json:"yes,omitempty"`   // do what the manifest asks for
	Export bool   `json:"export,omitempty"`
	Follow string `json:"follow,omitempty"` // a task: what its log says after a cursor
	After  string `json:"after,omitempty"`
}

type peerKey struct{}

// serveSocket answers `do` on a Unix socket of mode 0600 until ctx ends. Who
// asks is told by the kernel, not by the request.
func (a *app) serveSocket(ctx context.Context, path string) (stop func(), err error) {
	ln, err := listenSocket(path)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /do", func(w http.ResponseWriter, r *http.Request) {
		var ask doRequest
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 2*maxManifest)).Decode(&ask); err != nil {
			http.Error(w, "the request is not understood", http.StatusBadRequest)
			return
		}
		uid, ok := r.Context().Value(peerKey{}).(int)
		if !ok {
			http.Error(w, "the kernel does not tell who asks", http.StatusForbidden)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		enc := json.NewEncoder(w)
		enc.SetEscapeHTML(false)
		_ = enc.Encode(a.answer(r.Context(), ask, unixActor(uid)))
	})
	srv := &http.Server{
		Handler: mux, ReadHeaderTimeout: 5 * time.Second,
		BaseContext: func(net.Listener) context.Context { return ctx },
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			if uid, err := peerUID(c); err == nil {
				return context.WithValue(ctx, peerKey{}, uid)
			}
			return ctx
		},
	}
	go func() { _ = srv.Serve(ln) }()
	return func() {
		shut, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		_ = srv.Shutdown(shut)
	}, nil
}

// listenSocket takes the socket over from a process that is gone, never from
// one that answers. Paths beyond the kernel's 108 bytes are reached through
// the working directory of the listener.
func listenSocket(path string) (net.Listener, error) {
	if c, err := dialSocket(context.Background(), path); err == nil {
		c.Close()
		return nil, fmt.Errorf("another distrobot already runs on %s", filepath.Dir(path))
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("the old socket cannot be removed: %w", err)
	}
	if len(path) > 100 {
		return nil, fmt.Errorf("the data directory's path is too long for a socket (%d bytes, at most 80): %s", len(path), path)
	}
	old := syscall.Umask(0o177)
	ln, err := net.Listen("unix", path)
	syscall.Umask(old)
	if err != nil {
		return nil, fmt.Errorf("the socket cannot be made: %w", err)
	}
	return ln, nil
}

func dialSocket(ctx context.Context, path string) (net.Conn, error) {
	var d net.Dialer
	return d.DialContext(ctx, "unix", path)
}

// askSocket sends one request to the running process.
func askSocket(ctx context.Context, path string, ask doRequest) (doAnswer, error) {
	conn, err := dialSocket(ctx, path)
	if err != nil {
		return doAnswer{}, errNoSocket
	}
	if uid, err := peerUID(conn); err != nil || uid != os.Getuid() && uid != 0 && os.Getuid() != 0 {
		conn.Close()
		return doAnswer{}, fmt.Errorf("%s belongs to somebody else; choose the data directory with --data", path)
	}
	defer conn.Close()
	client := &http.Client{Timeout: 31 * time.Minute, Transport: &http.Transport{
		DialContext:       func(context.Context, string, string) (net.Conn, error) { return conn, nil },
		DisableKeepAlives: true,
	}}
	body, err := json.Marshal(ask)
	if err != nil {
		return doAnswer{}, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://distrobot/do", bytes.NewReader(body))
	if err != nil {
		return doAnswer{}, err
	}
	resp, err := client.Do(req)
	if err != nil {
		return doAnswer{}, fmt.Errorf("the running distrobot did not answer: %w", err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(resp.Body, 2*maxManifest))
	if err != nil {
		return doAnswer{}, err
	}
	if resp.StatusCode != http.StatusOK {
		return doAnswer{}, errors.New(strings.TrimSpace(string(raw)))
	}
	var answer doAnswer
	return answer, json.Unmarshal(raw, &answer)
}

// actAs lets an administrator of this machine act as a Slack user, by id.
func (a *app) actAs(ctx context.Context, who fleet.Actor, as string) (fleet.Actor, error) {
	role, err := a.roles.Role(ctx, who)
	if err != nil || role < fleet.Administrator {
		return fleet.Actor{}, fleet.Errorf(fleet.Forbidden, "Only an administrator may act as somebody else.")
	}
	return a.roles.person(ctx, as)
}
