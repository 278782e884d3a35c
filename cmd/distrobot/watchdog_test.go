package main

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestWatchdogFallsSilent: a service manager hears of a process for as long as
// every loop comes round, and no longer.
func TestWatchdogFallsSilent(t *testing.T) {
	addr := &net.UnixAddr{Name: filepath.Join(t.TempDir(), "notify"), Net: "unixgram"}
	manager, err := net.ListenUnixgram("unixgram", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer manager.Close()
	t.Setenv("NOTIFY_SOCKET", addr.Name)
	t.Setenv("WATCHDOG_USEC", "400000")
	t.Setenv("WATCHDOG_PID", strconv.Itoa(os.Getpid()))
	var p pulse
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- p.watchdog(ctx) }()
	word := make([]byte, 64)
	hear := func(within time.Duration) string {
		if err := manager.SetReadDeadline(time.Now().Add(within)); err != nil {
			t.Fatal(err)
		}
		n, err := manager.Read(word)
		if err != nil {
			return ""
		}
		return string(word[:n])
	}
	for range 3 {
		p.beat("conductor")
		p.beat("epoch")
		if got := hear(10 * time.Second); got != "WATCHDOG=1" {
			t.Fatalf("a process that lives says %q", got)
		}
	}
	silent := false
	for end := time.Now().Add(30 * time.Second); !silent && time.Now().Before(end); {
		p.beat("epoch") // one loop goes on, the other hangs
		silent = hear(250*time.Millisecond) == "" && !p.alive(400*time.Millisecond)
	}
	if !silent {
		t.Error("a process with a loop that hangs goes on saying that it lives")
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestWatchdogTime(t *testing.T) {
	pid := strconv.Itoa(os.Getpid())
	for _, c := range []struct {
		usec, pid string
		want      time.Duration
	}{
		{"", "", 0}, {"x", "", 0}, {"-1", "", 0}, {"180000000", "", 3 * time.Minute}, {"180000000", pid, 3 * time.Minute}, {"180000000", "1", 0},
	} {
		got := watchdogTime(func(name string) string {
			return map[string]string{"WATCHDOG_USEC": c.usec, "WATCHDOG_PID": c.pid}[name]
		})
		if got != c.want {
			t.Errorf("%q for %q: %v, not %v", c.usec, c.pid, got, c.want)
		}
	}
}

func TestVersionLine(t *testing.T) {
	info := func(v string, kv ...string) *debug.BuildInfo {
		out := &debug.BuildInfo{GoVersion: "go1.26.8", Main: debug.Module{Version: v}}
		for i := 0; i < len(kv); i += 2 {
			out.Settings = append(out.Settings, debug.BuildSetting{Key: kv[i], Value: kv[i+1]})
		}
		return out
	}
	commit := strings.Repeat("1a2b3c4d", 5)
	for want, in := range map[string]*debug.BuildInfo{
		"distrobot v1.2.3 (commit 1a2b3c4 of 2026-11-22T10:00:00Z, go1.26.8)": info("v1.2.3", "vcs.revision", commit, "vcs.time", "2026-11-22T10:00:00Z"),
		"distrobot 1a2b3c4+changes (commit 1a2b3c4, go1.26.8)":                info("(devel)", "vcs.revision", commit, "vcs.modified", "true"),
		"distrobot v1.2.3+dirty (commit 1a2b3c4, go1.26.8)":                   info("v1.2.3+dirty", "vcs.revision", commit, "vcs.modified", "true"),
		"distrobot unknown (go1.26.8)":                                        info(""),
		"distrobot unknown":                                                   {},
	} {
		if got := versionLine(in); got != want {
			t.Errorf("%q, not %q", got, want)
		}
	}
}
