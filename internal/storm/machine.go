package storm

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/internal/queue"
	"github.com/distrobot/distrobot/store"
)

// A Machine is a host with sites that are moved to and fro between two
// platforms.
type Machine struct {
	Settings
	store *store.Store
	queue *queue.Queue
	sites []*site
}

// A site and what was ordered for it, one upgrade after the other.
type site struct {
	uri     fleet.URI
	ordered []fleet.TaskRef
	open    bool // the last of them is not over
}

// The platforms. A site is made on the first one.
var platforms = [2]fleet.PlatformName{"red", "blue"}

var nobody = fleet.Actor{ID: "U1", Name: "alice", Team: "T1"}

// code is the tree of a platform. Its update is done by a program of the program
// that the worker runs, so that killing the worker does not end it by itself. It
// tells in the site's shared files when it begins and ends, which nothing takes
// back, and adds one line to the site's data, which is its effect.
func code(p fleet.PlatformName, work time.Duration) map[string]string {
	half := strconv.FormatFloat(cmp.Or(work, 60*time.Millisecond).Seconds()/2, 'f', 3, 64)
	return map[string]string{
		"distrobot.yml": "version: 1\ndocroot: web\nversioned: [data]\nshared: [files]\nnetwork: true\nupdate:\n  - [./update.sh]\n" +
			"check: {path: /index.html, marker: all is well}\n",
		"web/index.html": "all is well on " + string(p) + "\n",
		"data/log":       "made\n",
		"files/trace":    "",
		"update.sh":      "#!/bin/sh\nsh \"$SITE_ROOT/work.sh\" || exit 1\nexit 0\n",
		"work.sh": "set -e\necho \"begin $$\" >> \"$SITE_ROOT/files/trace\"\nsleep " + half + "\n" +
			"echo \"$SITE_PLATFORM $SITE_GENERATION\" >> \"$SITE_ROOT/data/log\"\nsleep " + half + "\n" +
			"echo \"end $$\" >> \"$SITE_ROOT/files/trace\"\n",
	}
}

// Open makes a machine with so many sites. Close it.
func Open(ctx context.Context, set Settings, sites int) (*Machine, error) {
	s, err := set.open(ctx)
	if err != nil {
		return nil, err
	}
	m := &Machine{Settings: set, store: s, queue: queue.New(s.Conn(), slog.New(slog.DiscardHandler))}
	for _, p := range platforms {
		if err := m.publish(ctx, p); err != nil {
			m.Close()
			return nil, err
		}
	}
	for i := range sites {
		if err := m.create(ctx, fleet.URI(fmt.Sprintf("site%03d.%s.example", i, set.Host))); err != nil {
			m.Close()
			return nil, err
		}
	}
	return m, nil
}

// Close ends the connections.
func (m *Machine) Close() {
	_ = m.queue.Close()
	_ = m.store.Close()
}

// publish makes a ready platform.
func (m *Machine) publish(ctx context.Context, name fleet.PlatformName) error {
	b := m.backend()
	stage, err := b.Stage(ctx, name, 1)
	if err != nil {
		return err
	}
	for file, text := range code(name, m.Work) {
		at := filepath.Join(stage, file)
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			return err
		}
		mode := os.FileMode(0o644)
		if filepath.Ext(file) == ".sh" {
			mode = 0o755
		}
		if err := os.WriteFile(at, []byte(text), mode); err != nil {
			return err
		}
	}
	path, err := b.Publish(ctx, name, stage)
	if err != nil {
		return err
	}
	p := fleet.Platform{Name: name}
	return m.store.Update(ctx, fleet.Catalogue, func(tx fleet.Tx) error {
		if _, err := tx.Get(&p); err != nil {
			return err
		}
		p.Kind, p.State, p.Created, p.By = "generic", fleet.PlatformReady, tx.Now(), nobody
		if p.Paths == nil {
			p.Paths = map[fleet.HostName]string{}
		}
		p.Paths[m.Host], p.Hosts = path, append(p.Hosts, m.Host)
		tx.Put(&p)
		return nil
	})
}

// create makes a site, in this process.
func (m *Machine) create(ctx context.Context, uri fleet.URI) error {
	sites := &fleet.Sites{Store: m.store}
	_, t, err := sites.Create(ctx, fleet.NewSite{URI: uri, Platform: platforms[0], Host: m.Host}, nobody)
	if err != nil {
		return err
	}
	if err := m.put(ctx, t); err != nil {
		return err
	}
	r := m.runner(m.store, m.backend())
	r.Log = slog.New(slog.DiscardHandler)
	if err := r.Run(ctx, t.Ref(), false); err != nil {
		return err
	}
	if err := fleet.One(ctx, m.store, &t, "task "+string(t.ID)); err != nil || t.State != fleet.TaskDone {
		return fmt.Errorf("site %s is not made: %s %s %w", uri, t.State, t.Reason, err)
	}
	m.sites = append(m.sites, &site{uri: uri})
	return nil
}

func (m *Machine) put(ctx context.Context, t fleet.Task) error {
	return m.store.Update(ctx, fleet.HostFamily(m.Host), func(tx fleet.Tx) error {
		if _, err := tx.Get(&fleet.Task{ID: t.ID, Host: t.Host}); err != nil {
			return err
		}
		t.Created = tx.Now()
		tx.Put(&t)
		return nil
	})
}

// order asks for the next move of a site: to the platform that it is not on.
func (m *Machine) order(ctx context.Context, s *site) error {
	n := len(s.ordered)
	t := fleet.Task{
		ID: fleet.TaskID(fleet.NewID()), Kind: fleet.TaskMigrate, Host: m.Host, About: string(s.uri), By: nobody, State: fleet.TaskQueued,
		Params: map[string]string{
			fleet.ParamPlatform: string(platforms[(n+1)%2]), fleet.ParamFrom: string(platforms[n%2]), fleet.ParamGeneration: fmt.Sprint(n + 1),
		},
	}
	if err := m.put(ctx, t); err != nil {
		return err
	}
	s.ordered, s.open = append(s.ordered, t.Ref()), true
	_ = m.queue.Notify(ctx, t.Ref(), false, time.Time{}) // else the sweep finds it
	return nil
}

// settle notes which orders are over, and gives how many are not. One that ended
// otherwise than done is an error: each move can be made.
func (m *Machine) settle(ctx context.Context) (open int, err error) {
	var waiting []*site
	var rows []fleet.Record
	for _, s := range m.sites {
		if s.open {
			ref := s.ordered[len(s.ordered)-1]
			waiting, rows = append(waiting, s), append(rows, &fleet.Task{ID: ref.ID, Host: ref.Host})
		}
	}
	if len(rows) == 0 {
		return 0, nil
	}
	if _, err := m.store.Read(ctx, rows...); err != nil {
		return 0, err
	}
	for i, row := range rows {
		t := row.(*fleet.Task)
		switch {
		case t.State == fleet.TaskDone:
			waiting[i].open = false
		case t.State.Final() || t.State == fleet.TaskHeld:
			return 0, fmt.Errorf("the move %d of %s is %s: %s\n%s", len(waiting[i].ordered), waiting[i].uri, t.State, t.Reason, m.story(ctx, *t))
		default:
			open++
		}
	}
	return open, nil
}

// story is the journal and the log of a task.
func (m *Machine) story(ctx context.Context, t fleet.Task) string {
	text := fmt.Sprintf("task %s, %d claims, fence %d\n", t.ID, t.Claims, t.Fence)
	for _, s := range t.Steps {
		text += fmt.Sprintf("  %s %s, %d attempts %s %v\n", s.Name, s.State, s.Attempts, s.Error, s.Result)
	}
	lines, err := fleet.LastLines(ctx, m.store, t.Ref(), 0)
	if err != nil {
		return text + err.Error()
	}
	for _, l := range lines {
		text += fmt.Sprintf("  [%s] %s\n", l.Step, l.Text)
	}
	return text
}
