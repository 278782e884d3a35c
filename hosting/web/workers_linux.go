package web

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// tick is the unit of start times in /proc, USER_HZ of every Linux.
const tick = 10 * time.Millisecond

// uptime is the time since the machine started.
func uptime() time.Duration {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &ts); err != nil {
		return 0
	}
	return time.Duration(ts.Nano())
}

// oldWorkers counts the workers beside the one with a pid that were started
// before since and still take connections: one that is told to stop says so in
// its title before it closes its listeners. known is false if this process
// cannot see them.
func oldWorkers(pid string, since time.Duration) (n int, known bool) {
	if title, _, ok := worker(pid); !ok || title != working {
		return 0, false
	}
	_, me, _ := worker(pid)
	all, _ := filepath.Glob("/proc/[0-9]*")
	for _, dir := range all {
		title, w, ok := worker(filepath.Base(dir))
		if ok && title == working && w.master == me.master && w.start < since.Truncate(tick) {
			n++
		}
	}
	return n, true
}

const working = "nginx: worker process"

type workerStat struct {
	master string
	start  time.Duration
}

// worker reads the title, the parent and the start of a process.
func worker(pid string) (title string, w workerStat, ok bool) {
	if strings.Trim(pid, "0123456789") != "" || pid == "" {
		return "", w, false
	}
	line, err := os.ReadFile(fmt.Sprintf("/proc/%s/cmdline", pid))
	title = strings.TrimRight(string(line), "\x00 ")
	if err != nil || !strings.HasPrefix(title, working) {
		return title, w, false
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%s/stat", pid))
	// The name in parentheses may hold spaces; fields are counted after it.
	_, rest, cut := strings.Cut(string(stat), ") ")
	fields := strings.Fields(rest)
	if err != nil || !cut || len(fields) < 20 {
		return title, w, false
	}
	ticks, err := strconv.ParseInt(fields[19], 10, 64)
	return title, workerStat{master: fields[1], start: time.Duration(ticks) * tick}, err == nil
}
