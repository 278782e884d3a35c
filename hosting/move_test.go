package hosting_test

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/internal/transfer"
	"github.com/distrobot/distrobot/store"
)

const otherHost = fleet.HostName("other")

// A pair is two hosting machines that share nothing but Redis: each has its own
// data directory, worker and door.
type pair struct {
	here, there *world
	redis       string
}

func newPair(t *testing.T) pair {
	t.Helper()
	redis := startRedis(t)
	p := pair{here: openWorld(t, t.TempDir(), redis), redis: redis}
	there, err := wireHost(t.TempDir(), otherHost, store.Options{URL: redis})
	must(t, err)
	there.t = t
	p.there = there
	t.Cleanup(there.web.Close)
	t.Cleanup(func() { _ = there.store.Close() })
	for _, w := range []*world{p.here, p.there} {
		t.Cleanup(func() { makeWritable(w.dir) })
		w.report(w.door(t))
	}
	p.publish("old", small("old", ":"))
	return p
}

// door gives parcels of a world away.
func (w *world) door(t testing.TB) fleet.Door {
	t.Helper()
	s := &transfer.Server{Keys: [][]byte{[]byte(strings.Repeat("k", 32))}, Log: slog.New(slog.DiscardHandler), Open: func(it transfer.Item) (*os.File, error) {
		file, err := w.backend.Parcel(fleet.TaskID(it.Place), it.Name)
		if err != nil {
			return nil, err
		}
		return os.Open(file)
	}}
	l, err := s.Listen(context.Background(), "127.0.0.1:0")
	must(t, err)
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx, l) }()
	t.Cleanup(func() { stop(); <-done })
	return fleet.Door{Address: l.Addr().(*net.TCPAddr).String(), Print: s.Print()}
}

// report records the host of a world as its worker would.
func (w *world) report(d fleet.Door) {
	w.t.Helper()
	must(w.t, w.store.Update(context.Background(), fleet.Catalogue, func(tx fleet.Tx) error {
		h := fleet.Host{Name: w.host}
		if _, err := tx.Get(&h); err != nil {
			return err
		}
		h.Backend, h.Version, h.Seen, h.Protocol, h.Door, h.Free = "local", "1", tx.Now(), fleet.Protocol, d, -1
		tx.Put(&h)
		return nil
	}))
}

// publish makes a platform that is ready on both hosts.
func (p pair) publish(name fleet.PlatformName, files tree) {
	p.here.t.Helper()
	p.here.publish(name, files)
	ctx := context.Background()
	stage, err := p.there.backend.Stage(ctx, name, 1)
	must(p.here.t, err)
	files.write(p.here.t, stage)
	path, err := p.there.backend.Publish(ctx, name, stage)
	must(p.here.t, err)
	row := fleet.Platform{Name: name}
	must(p.here.t, p.here.store.Update(ctx, fleet.Catalogue, func(tx fleet.Tx) error {
		if _, err := tx.Get(&row); err != nil {
			return err
		}
		row.Paths[otherHost], row.Hosts = path, append(row.Hosts, otherHost)
		tx.Put(&row)
		return nil
	}))
}

// create makes a site on the first host.
func (p pair) create(uri fleet.URI) {
	p.here.t.Helper()
	_, task, err := p.here.sites.Create(context.Background(), fleet.NewSite{URI: uri, Platform: "old", Host: host}, alice)
	must(p.here.t, err)
	p.here.want(p.here.run(task), fleet.TaskDone)
}

// order orders the move of a site to a world, and gives its task, which stands in
// its host's family as the carrier would have put it there.
func (p pair) order(uri fleet.URI, to *world) fleet.TaskRef {
	p.here.t.Helper()
	task, err := (&fleet.Transits{Store: p.here.store}).Order(context.Background(), fleet.TransitOrder{URI: uri, To: to.host}, alice)
	must(p.here.t, err)
	must(p.here.t, (&fleet.Tasks{Store: p.here.store}).Order(context.Background(), task))
	return task.Ref()
}

// walk works on both tasks of a move until they have ended or wait for a person.
// If the sending one ends before there is a receiving one, that is the zero Task.
func (p pair) walk(send fleet.TaskRef) (sent, received fleet.Task) {
	from, to := p.here, p.there
	if send.Host == otherHost {
		from, to = to, from
	}
	over, cancel := context.WithCancel(context.Background())
	got := make(chan fleet.Task, 1)
	go func() {
		ref := fleet.TaskRef{Host: to.host, ID: send.ID + "-" + fleet.TaskID(to.host)}
		if !p.awaitTask(over, ref) {
			got <- fleet.Task{}
			return
		}
		got <- to.finish(ref)
	}()
	sent = from.finish(send)
	cancel()
	return sent, <-got
}

// awaitTask carries effects until a task is in its host's family; false if ctx
// ends before.
func (p pair) awaitTask(ctx context.Context, ref fleet.TaskRef) bool {
	c := fleet.Carrier{Store: p.here.store, Outbox: p.here.store, Trail: p.here.store}
	for {
		_, err := c.Carry(context.Background())
		found, readErr := p.here.store.Read(context.Background(), &fleet.Task{Host: ref.Host, ID: ref.ID})
		if err != nil || readErr != nil {
			p.here.t.Errorf("carry: %v %v", err, readErr)
			return false
		}
		if found[0] {
			return true
		}
		select {
		case <-ctx.Done():
			return false
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// A site moves with its versioned and shared data, what is written meanwhile
// included; its old host tells visitors, and it comes back the same way.
func TestSiteMovesToAnotherHostAndBack(t *testing.T) {
	p := newPair(t)
	const uri = "shop.example"
	p.create(uri)
	shared := p.here.sitePath(uri, "shared", "web", "files")
	must(t, os.MkdirAll(filepath.Join(shared, "deep"), 0o755))
	must(t, os.WriteFile(filepath.Join(shared, "deep", "photo.jpg"), []byte("a photo"), 0o644))
	must(t, os.Symlink("deep/photo.jpg", filepath.Join(shared, "link.jpg")))
	do(t, http.MethodPost, p.here.address(uri)+"/index.cgi?first", nil)

	sent, received := p.walk(p.order(uri, p.there))
	p.here.want(sent, fleet.TaskDone)
	p.there.want(received, fleet.TaskDone)
	s := p.here.site(uri)
	if s.Host != otherHost || s.Generation != 2 || s.State != fleet.SiteLive || s.Lock.Task != "" || s.Previous != 0 {
		t.Errorf("row: %+v", s)
	}
	if status, body := p.there.get(uri, "/"); status != 200 || !strings.Contains(body, "begin\nfirst") {
		t.Errorf("there: %d %s", status, body)
	}
	if status, body := p.there.get(uri, "/files/link.jpg"); status != 200 || body != "a photo" {
		t.Errorf("the upload there: %d %s", status, body)
	}
	if all, err := p.here.backend.All(t.Context()); err != nil || len(all) != 0 {
		t.Errorf("the old host still has %+v, %v", all, err)
	}
	do(t, http.MethodPost, p.there.address(uri)+"/index.cgi?second", nil)

	sent, received = p.walk(p.order(uri, p.here))
	p.there.want(sent, fleet.TaskDone)
	p.here.want(received, fleet.TaskDone)
	if status, body := p.here.get(uri, "/"); status != 200 || !strings.Contains(body, "begin\nfirst\nsecond") {
		t.Errorf("back here: %d %s", status, body)
	}
	if s := p.here.site(uri); s.Host != host || s.Generation != 3 || s.Lock.Task != "" {
		t.Errorf("row: %+v", s)
	}
}
