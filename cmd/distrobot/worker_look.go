package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
)

// look gives what the host reports of itself.
func (w *worker) look(h *fleet.Host) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	free, err := w.backend.Room(ctx)
	if err != nil {
		free = -1
	}
	h.Free, h.Running, h.PHP, h.Load, h.CPUs = free, w.runner.Running(), w.php, loadOf("/proc/loadavg"), runtime.NumCPU()
	h.Door, h.Rate = w.door.tell(), w.rate.Load()
	if i, ok := w.drives.(hosting.Installer); ok {
		h.Installs = i.Installs()
	}
	h.Slots, h.Limits = w.app.cfg.Concurrency, limitsText(w.runner.Limits)
}

// loadOf is the mean number of runnable processes over the last minute; 0 where
// the system does not tell.
func loadOf(file string) float64 {
	data, err := os.ReadFile(file)
	if err != nil {
		return 0
	}
	first, _, _ := strings.Cut(string(data), " ")
	load, err := strconv.ParseFloat(first, 64)
	if err != nil {
		return 0
	}
	return load
}

// limitsText is "build 2" for each kind of task that is bounded, by name.
func limitsText(limits map[fleet.TaskKind]int) []string {
	var out []string
	for kind, n := range limits {
		if n > 0 {
			out = append(out, fmt.Sprintf("%s %d", kind, n))
		}
	}
	slices.Sort(out)
	return out
}

// parseLimits reads DISTROBOT_LIMITS: KIND=N for each kind of task.
func parseLimits(list []string) (map[fleet.TaskKind]int, error) {
	out := map[fleet.TaskKind]int{}
	for _, entry := range list {
		kind, number, _ := strings.Cut(entry, "=")
		n, err := strconv.Atoi(number)
		if err != nil || n < 1 || !slices.Contains(fleet.TaskKinds(), fleet.TaskKind(kind)) {
			return nil, fmt.Errorf("DISTROBOT_LIMITS: %q is not KIND=NUMBER, such as migrate=8; the kinds are %v", entry, fleet.TaskKinds())
		}
		out[fleet.TaskKind(kind)] = n
	}
	return out, nil
}
