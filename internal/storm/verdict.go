package storm

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/distrobot/distrobot/fleet"
)

// Verify tells what is not as it must be once everything that was ordered is
// done: each move of each site was made once, in its order, by one worker at a
// time, and recorded once.
func (m *Machine) Verify(ctx context.Context) (repeated int, err error) {
	var faults []error
	for _, s := range m.sites {
		n, err := m.verifySite(ctx, s)
		repeated += n
		if err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", s.uri, err))
		}
	}
	return repeated, errors.Join(errors.Join(faults...), m.verifyRecords(ctx))
}

// verifySite looks at a site's row, its directory and its data.
func (m *Machine) verifySite(ctx context.Context, s *site) (repeated int, err error) {
	n := len(s.ordered)
	generation, platform := int64(n+1), platforms[n%2]
	row := fleet.Site{URI: s.uri}
	if err := fleet.One(ctx, m.store, &row, "the site"); err != nil {
		return 0, err
	}
	if row.Generation != generation || row.Platform != platform || row.State != fleet.SiteLive || row.Lock.Task != "" || row.Pinned != "" {
		return 0, fmt.Errorf("its row is %+v after %d moves", row, n)
	}
	live, err := m.backend().Live(ctx, s.uri)
	if err != nil {
		return 0, err
	}
	if live.Generation != generation || live.Platform != platform || live.Fence > row.Lock.Fence {
		return 0, fmt.Errorf("its record on the host is %+v, its row %+v after %d moves", live, row, n)
	}
	want := "made\n"
	for i := range n {
		want += fmt.Sprintf("%s %d\n", platforms[(i+1)%2], i+2)
	}
	dir := filepath.Join(m.Data, "sites", string(s.uri))
	data, err := os.ReadFile(filepath.Join(dir, "live/versioned/data/log"))
	if err != nil {
		return 0, err
	}
	if string(data) != want {
		return 0, fmt.Errorf("its data is\n%s\nand must be\n%s", data, want)
	}
	trace, err := os.ReadFile(filepath.Join(dir, "shared/files/trace"))
	if err != nil {
		return 0, err
	}
	begun, err := oneAtATime(string(trace))
	return begun - n, err
}

// oneAtATime reads what updates have told: one that ends is the one that began
// last, else two worked on the site at once. One may never end: it was killed.
func oneAtATime(trace string) (begun int, err error) {
	last := ""
	for line := range strings.Lines(trace) {
		word, who, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch {
		case word == "begin":
			last = who
			begun++
		case word == "end" && who == last:
			last = ""
		default:
			return begun, fmt.Errorf("two updates ran at once: %q came after process %q had begun\n%s", strings.TrimSpace(line), last, trace)
		}
	}
	return begun, nil
}

// verifyRecords counts what was recorded for good.
func (m *Machine) verifyRecords(ctx context.Context) error {
	done, err := m.audited(ctx, fleet.HostFamily(m.Host), "task.done")
	if err != nil {
		return err
	}
	moved, err := m.audited(ctx, fleet.Catalogue, "site.moved")
	if err != nil {
		return err
	}
	var faults []error
	for _, s := range m.sites {
		for _, ref := range s.ordered {
			if id := string(ref.ID); done[id] != 1 || moved[id] != 1 {
				faults = append(faults, fmt.Errorf("task %s of %s was recorded %d times as done, %d times as a move", id, s.uri, done[id], moved[id]))
			}
		}
	}
	return errors.Join(faults...)
}

// audited counts the events of one sort by task.
func (m *Machine) audited(ctx context.Context, f fleet.Family, what string) (map[string]int, error) {
	const all = 10_000_000
	pending, err := m.store.Pending(ctx, f, all)
	if err != nil {
		return nil, err
	}
	out := map[string]int{}
	for _, p := range pending {
		if a := p.Effect.Audit; a != nil && a.What == what {
			out[a.Detail["task"]]++
		}
	}
	return out, nil
}

// openStories tells about a few moves that are not over.
func (m *Machine) openStories(ctx context.Context) string {
	var out strings.Builder
	for _, s := range m.sites {
		if !s.open || out.Len() > 8<<10 {
			continue
		}
		ref := s.ordered[len(s.ordered)-1]
		t := fleet.Task{ID: ref.ID, Host: ref.Host}
		if _, err := m.store.Read(ctx, &t); err != nil {
			fmt.Fprintln(&out, err)
			continue
		}
		out.WriteString(m.story(ctx, t))
	}
	return out.String()
}
