package watcher_test

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/fleet/fleettest"
	"github.com/distrobot/distrobot/watcher"
)

// All loops run, survive a storage that is away, and end with the context.
func TestWatcherRunsAndEnds(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	m, refs := trackMany(t, 3)
	news := &fleet.News{Store: m}
	ds := digests(m)
	setDigest(t, ds, "* * * * *", "UTC")
	snoozed(t, m, news)
	m.Pass(time.Hour)
	m.Down(fleet.Errorf(fleet.Later, "The storage is away."))

	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	w := &watcher.Watcher{Poller: replica(m, refs, 100*time.Millisecond), News: news, Digests: ds, Every: 5 * time.Millisecond}
	var log lines
	w.Log = slog.New(slog.NewTextHandler(&log, nil))
	go func() {
		w.Run(ctx)
		close(ended)
	}()
	for end := time.Now().Add(20 * time.Second); !strings.Contains(log.String(), "cannot fire digests"); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("nobody noticed that the storage is away")
		}
	}
	m.Down(nil)
	done := func() bool {
		refs.mu.Lock()
		defer refs.mu.Unlock()
		a := fleet.Announcement{ID: "d0/1"}
		_, err := m.Read(ctx, &a)
		return err == nil && a.State == fleet.NewsOpen && len(refs.asked) == 3 && len(issues(t, m)) > 0
	}
	for end := time.Now().Add(20 * time.Second); !done(); time.Sleep(5 * time.Millisecond) {
		m.Pass(10 * time.Millisecond)
		if time.Now().After(end) {
			t.Fatalf("asked %v, digests %v", refs.asked, issues(t, m))
		}
	}
	stop()
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		t.Fatal("it does not end")
	}
	if got := issues(t, m); !strings.HasPrefix(got[0], "digest:morning/") {
		t.Errorf("digests %v", got)
	}
}

// lines is a log that can be read while it is written.
type lines struct {
	mu  sync.Mutex
	all strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.String()
}

// snoozed makes an announcement of d0 that sleeps for a minute.
func snoozed(t *testing.T, m *fleettest.Memory, news *fleet.News) {
	t.Helper()
	for _, commit := range []string{"a", "b"} {
		head := fleet.Head{Distribution: "d0", Rules: 1, Ref: fleet.Ref{Name: "refs/heads/main", Hash: commit, Commit: commit}}
		if _, err := news.Heard(t.Context(), head); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := news.Snooze(t.Context(), "d0/1", now(t, m).Add(time.Minute), fleet.Actor{ID: "U1"}); err != nil {
		t.Fatal(err)
	}
}
