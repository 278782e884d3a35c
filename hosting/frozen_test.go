package hosting_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/internal/run"
)

// A worker that is frozen in the middle of an upgrade, and wakes up when another
// one has ended it, changes nothing any more: neither the journal nor the site.
// Once its leases are over while it sleeps; once its heart beats so slowly that
// nothing but its next act can tell it that it is late.
func TestFrozenWorkerIsRefused(t *testing.T) {
	w, redis := crashWorld(t)
	stride := int64(7) // a short run tries every seventh point, and the next ones until the host had to refuse
	if os.Getenv("DISTROBOT_TEST_THOROUGH") != "" {
		stride = 1
	}
	for i, lease := range []time.Duration{300 * time.Millisecond, time.Hour} {
		t.Run(fmt.Sprint("lease ", lease), func(t *testing.T) {
			points, byHost := 0, 0
			for phase := range stride {
				for point := 2 + phase; ; point += stride {
					v := *w
					v.t, v.tasks = t, 700000+i*100000+int(point)*100
					said, frozen := v.freezeAt(redis, point, lease)
					if !frozen {
						break
					}
					points++
					if strings.Contains(said, "The site was taken over by another task") {
						byHost++
					}
				}
				if lease != time.Hour || byHost > 0 {
					break
				}
			}
			t.Logf("frozen at %d points; the host itself refused %d times", points, byHost)
			t.Attr("trials", strconv.Itoa(points))
			if points < 4 || lease == time.Hour && byHost == 0 {
				t.Errorf("frozen at %d points, refused by the host %d times", points, byHost)
			}
		})
	}
}

// freezeAt upgrades a site with a worker that freezes at a point, lets another
// one end it, and wakes the first. It gives what the first said then; false when
// it ended before that point.
func (w *world) freezeAt(redis string, point int64, lease time.Duration) (string, bool) {
	w.t.Helper()
	sc := scenarios()[0]
	uri := fleet.URI(fmt.Sprintf("f%d-%d.example", w.tasks, point))
	w.create(uri, "old")
	w.want(w.migrate(uri, "middle"), fleet.TaskDone)
	c := crash{Dir: w.dir, Redis: redis, Task: w.order(sc.task(w, uri)), Point: point, Freeze: true, Lease: lease}
	ended := make(chan error, 1)
	go func() { ended <- w.spawn(c) }()
	pid, err := freeze(c, ended)
	must(w.t, err)
	if pid == 0 {
		w.want(w.task(c.Task), fleet.TaskDone)
		return "", false
	}
	defer func() { _ = syscall.Kill(pid, syscall.SIGKILL) }()
	before := w.task(c.Task)
	for !w.task(c.Task).State.Final() { // until the lease is over, this does nothing
		must(w.t, w.runner.Run(context.Background(), c.Task, lease == time.Hour))
		time.Sleep(10 * time.Millisecond)
	}
	w.settled(uri, w.task(c.Task), sc, point)
	after := w.task(c.Task)
	must(w.t, os.WriteFile(c.goFile(), nil, 0o600))
	must(w.t, syscall.Kill(pid, syscall.SIGCONT))
	said := fmt.Sprint(<-ended)
	switch {
	case before.State.Final(): // it had nothing left to do
	case after.Fence == before.Fence || !strings.Contains(said, "taken over"):
		w.t.Errorf("point %d: the worker that woke up said %q; fence %d after %d", point, said, after.Fence, before.Fence)
	}
	if woken := w.task(c.Task); fmt.Sprint(woken) != fmt.Sprint(after) {
		w.t.Errorf("point %d: the task was changed by a worker that had lost it:\n%+v\n%+v", point, after, woken)
	}
	w.settled(uri, w.task(c.Task), sc, point)
	return said, true
}

// freeze waits until a child has come to its point and stops it; 0 when it has
// ended before.
func freeze(c crash, ended chan error) (int, error) {
	for {
		text, _ := os.ReadFile(c.pidFile())
		if line, whole := strings.CutSuffix(string(text), "\n"); whole {
			pid, err := strconv.Atoi(line)
			if err == nil {
				err = syscall.Kill(pid, syscall.SIGSTOP)
			}
			return pid, errors.Join(err, stopped(pid))
		}
		select {
		case err := <-ended:
			return 0, err
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// stopped waits until the kernel has stopped every thread of a process.
func stopped(pid int) error {
	for {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			return err
		}
		if _, rest, ok := strings.Cut(string(stat), ") "); ok && strings.HasPrefix(rest, "T") {
			return nil
		}
		time.Sleep(time.Millisecond)
	}
}

// spawn runs a process of its own on a task.
func (w *world) spawn(c crash) error {
	text, err := json.Marshal(c)
	if err != nil {
		return err
	}
	program, err := os.Executable()
	if err != nil {
		return err
	}
	_, err = run.Run(context.Background(), run.Command{Program: program, Env: run.Environ(crashEnv + "=" + string(text)), Timeout: 5 * time.Minute})
	return err
}
