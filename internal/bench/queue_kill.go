package bench

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/store"
)

// The kills by which the queues are compared. The lease is short, so that what
// the queue adds to it is seen.
const (
	killRuns  = 7
	killLease = 3 * time.Second
	killWork  = 2 * time.Second
	killTime  = 2 * time.Minute
)

// timeKills has workers killed in the middle of tasks, for both queues at once.
func timeKills(ctx context.Context, s *store.Store, url string, figures map[string]*queueFigure) error {
	ctx, cancel := context.WithTimeout(ctx, killTime)
	defer cancel()
	var mu sync.Mutex
	g, ctx := errgroup.WithContext(ctx)
	for i := range killRuns {
		for name, f := range figures {
			g.Go(func() error {
				w := queueWorker{Queue: name, Redis: url, Host: fleet.HostName(fmt.Sprintf("kill%d-%s", i, name)), Lease: killLease, Work: killWork}
				took, err := w.killed(ctx, s, killWork*time.Duration(i)/killRuns)
				mu.Lock()
				defer mu.Unlock()
				f.recovery = append(f.recovery, took)
				return err
			})
		}
	}
	return g.Wait()
}

// killed has one of two workers killed after it has worked on a task for a while,
// and gives how long the other took to take it over.
func (w queueWorker) killed(ctx context.Context, s *store.Store, after time.Duration) (time.Duration, error) {
	workers := map[string]*program{}
	for range 2 {
		p, err := w.start(ctx)
		if err != nil {
			return 0, err
		}
		defer p.end()
		workers[strconv.Itoa(p.cmd.Process.Pid)] = p
	}
	t := fleet.Task{ID: "01killed", Host: w.Host, Kind: fleet.TaskVerify, State: fleet.TaskQueued}
	err := s.Update(ctx, fleet.HostFamily(w.Host), func(tx fleet.Tx) error {
		if _, err := tx.Get(&fleet.Task{ID: t.ID, Host: t.Host}); err != nil {
			return err
		}
		tx.Put(&t)
		return nil
	})
	if err != nil {
		return 0, err
	}
	if err := newDispatcher(w.Queue, s).Notify(ctx, t.Ref(), false, time.Time{}); err != nil {
		return 0, err
	}
	first, err := await(ctx, s, t, func(t fleet.Task) bool { return t.State == fleet.TaskRunning })
	if err != nil {
		return 0, err
	}
	if err := rest(ctx, after); err != nil {
		return 0, err
	}
	victim := workers[first.Owner]
	if victim == nil {
		return 0, errors.New("nobody works on the task")
	}
	killed := time.Now()
	if err := victim.cmd.Process.Kill(); err != nil {
		return 0, err
	}
	if _, err := await(ctx, s, t, func(t fleet.Task) bool { return t.Fence > first.Fence }); err != nil {
		return 0, err
	}
	took := time.Since(killed)
	_, err = await(ctx, s, t, func(t fleet.Task) bool { return t.State == fleet.TaskDone })
	return took, err
}

// await reads a task until ok is content.
func await(ctx context.Context, s *store.Store, t fleet.Task, ok func(fleet.Task) bool) (fleet.Task, error) {
	for {
		got := fleet.Task{ID: t.ID, Host: t.Host}
		if _, err := s.Read(ctx, &got); err != nil || ok(got) {
			return got, err
		}
		if err := rest(ctx, 10*time.Millisecond); err != nil {
			return got, fmt.Errorf("task of %s is %s: %w", t.Host, got.State, err)
		}
	}
}

// A codeSize counts lines that are neither empty nor only a comment.
type codeSize struct{ ours, others int }

// countQueues counts the code around each queue: ours, and the packages that no
// other part of the store needs.
func countQueues(ctx context.Context, figures map[string]*queueFigure) error {
	base, err := packagesOf(ctx, "github.com/distrobot/distrobot/store")
	if err != nil {
		return err
	}
	with, err := packagesOf(ctx, "github.com/distrobot/distrobot/internal/queue")
	if err != nil {
		return err
	}
	ours := &figures[byAsynq].code
	for path, p := range with {
		switch {
		case strings.HasSuffix(path, "internal/queue"):
			ours.ours += p.lines()
		case base[path].Dir == "" && !p.Standard:
			ours.others += p.lines()
		}
	}
	rival, err := packagesOf(ctx, "github.com/distrobot/distrobot/internal/bench")
	if err != nil {
		return err
	}
	p := rival["github.com/distrobot/distrobot/internal/bench"]
	p.GoFiles = []string{"queue_plain.go"}
	figures[byPlain].code.ours = p.lines()
	return nil
}

type goPackage struct {
	ImportPath, Dir string
	Standard        bool
	GoFiles         []string
}

// packagesOf lists a package and all that it needs.
func packagesOf(ctx context.Context, path string) (map[string]goPackage, error) {
	cmd := exec.CommandContext(ctx, "go", "list", "-deps", "-json=ImportPath,Dir,Standard,GoFiles", path)
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list %s: %w", path, err)
	}
	all := map[string]goPackage{}
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p goPackage
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, err
		}
		all[p.ImportPath] = p
	}
}

// lines counts the code of a package; a file that cannot be read has none.
func (p goPackage) lines() (n int) {
	for _, name := range p.GoFiles {
		f, err := os.Open(filepath.Join(p.Dir, name))
		if err != nil {
			continue
		}
		for in := bufio.NewScanner(f); in.Scan(); {
			if line := strings.TrimSpace(in.Text()); line != "" && !strings.HasPrefix(line, "//") {
				n++
			}
		}
		f.Close()
	}
	return n
}
