package hosting_test

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
)

// A faulty backend fails where it is told to.
type faulty struct {
	explosive
	fill, leave error
	packed      func(last bool) // called after a parcel was packed
}

func faultyOver(w *world) *faulty {
	f := &faulty{explosive: explosive{Backend: w.backend, bomb: &bomb{}}}
	w.worker.Backend = f
	return f
}

func (f *faulty) Fill(ctx context.Context, c hosting.Copy) (hosting.Amount, error) {
	if f.fill != nil {
		return hosting.Amount{}, f.fill
	}
	return f.explosive.Fill(ctx, c)
}

func (f *faulty) Leave(ctx context.Context, c hosting.Copy, l hosting.Left) error {
	if f.leave != nil {
		return f.leave
	}
	return f.explosive.Leave(ctx, c, l)
}

func (f *faulty) Pack(ctx context.Context, c hosting.Copy, last bool) ([]fleet.TransitPart, error) {
	parts, err := f.explosive.Pack(ctx, c, last)
	if f.packed != nil {
		f.packed(last)
	}
	return parts, err
}

// stays checks that a move which came to nothing left the site as it was, served
// by its first host, and nothing on the other one.
func (p pair) stays(t *testing.T, uri fleet.URI) {
	t.Helper()
	s := p.here.site(uri)
	if s.Host != host || s.Generation != 1 || s.State != fleet.SiteLive || s.Lock.Task != "" || s.Pinned != "" {
		t.Errorf("row: %+v", s)
	}
	if status, body := p.here.get(uri, "/"); status != 200 || !strings.Contains(body, "begin") {
		t.Errorf("visitors get %d %s", status, body)
	}
	p.here.notHeld(uri)
	if got := p.there.visit(uri); got != 404 {
		t.Errorf("the other host answers %d", got)
	}
	for _, at := range []string{p.there.sitePath(uri), filepath.Join(p.here.dir, "parcels", "*"), filepath.Join(p.there.dir, "parcels", "*")} {
		if left, _ := filepath.Glob(at); left != nil {
			t.Errorf("left behind: %v", left)
		}
	}
}

// A host that cannot take a site in lets the other one go on with it.
func TestMoveThatFailsThereLosesNothing(t *testing.T) {
	p := newPair(t)
	p.create("shop.example")
	f := faultyOver(p.there)
	f.fill = fleet.Errorf(fleet.Failed, "The disk is broken.")
	sent, received := p.walk(p.order("shop.example", p.there))
	if sent.State != fleet.TaskFailed || received.State != fleet.TaskFailed || !strings.Contains(sent.Reason, "disk is broken") {
		t.Errorf("sent %s %q, received %s", sent.State, sent.Reason, received.State)
	}
	p.stays(t, "shop.example")

	f.fill = nil // tried again, it comes to be
	sent, received = p.walk(p.order("shop.example", p.there))
	p.here.want(sent, fleet.TaskDone)
	p.there.want(received, fleet.TaskDone)
}

// What is written, changed and deleted after the first copy goes with the last.
func TestMoveTakesWhatChangesMeanwhile(t *testing.T) {
	p := newPair(t)
	p.create("shop.example")
	files := p.here.sitePath("shop.example", "shared", "web", "files")
	write := func(name, text string) { must(t, os.WriteFile(filepath.Join(files, name), []byte(text), 0o644)) }
	write("stays", "1")
	write("changes", "1")
	write("goes", "1")
	must(t, os.Mkdir(filepath.Join(files, "turns"), 0o755))
	long := time.Now().Add(-time.Hour)
	must(t, os.Chtimes(filepath.Join(files, "stays"), long, long))
	faultyOver(p.here).packed = func(last bool) {
		if last {
			return
		}
		write("changes", "2")
		write("comes", "2")
		must(t, os.Remove(filepath.Join(files, "goes")))
		must(t, os.Remove(filepath.Join(files, "turns")))
		write("turns", "a file now")
		do(t, http.MethodPost, p.here.address("shop.example")+"/index.cgi?meanwhile", nil)
	}
	sent, received := p.walk(p.order("shop.example", p.there))
	p.here.want(sent, fleet.TaskDone)
	p.there.want(received, fleet.TaskDone)
	there := p.there.sitePath("shop.example", "shared", "web", "files")
	for name, want := range map[string]string{"stays": "1", "changes": "2", "comes": "2", "turns": "a file now"} {
		if got, err := os.ReadFile(filepath.Join(there, name)); string(got) != want {
			t.Errorf("%s: %q %v", name, got, err)
		}
	}
	if _, err := os.Lstat(filepath.Join(there, "goes")); !os.IsNotExist(err) {
		t.Errorf("what was deleted is there: %v", err)
	}
	if info, err := os.Stat(filepath.Join(there, "stays")); err != nil || !info.ModTime().Equal(long.Truncate(time.Nanosecond)) {
		t.Errorf("its time: %v %v", info, err)
	}
	if _, body := p.there.get("shop.example", "/"); !strings.Contains(body, "begin\nmeanwhile") {
		t.Errorf("the page: %s", body)
	}
}

// A copy that cannot be closed asks a person; giving up closes it all the same, and
// never lets visitors in.
func TestMoveThatCannotBeClosedIsNotUndone(t *testing.T) {
	p := newPair(t)
	p.create("shop.example")
	f := faultyOver(p.here)
	f.leave = errors.New("no")
	send := p.order("shop.example", p.there)
	sent, received := p.walk(send)
	p.there.want(received, fleet.TaskDone)
	p.here.want(sent, fleet.TaskHeld)
	if here, there := p.here.visit("shop.example"), p.there.visit("shop.example"); here != 503 || there != 200 {
		t.Errorf("visitors get %d here and %d there", here, there)
	}
	f.leave = nil
	_, err := (&fleet.Tasks{Store: p.here.store}).Answer(t.Context(), send.ID, fleet.GiveUp, alice)
	must(t, err)
	p.here.finish(send)
	if all, err := p.here.backend.Left(t.Context()); err != nil || len(all) != 1 || all[0].To != otherHost {
		t.Errorf("left: %+v %v", all, err)
	}
	if s := p.here.site("shop.example"); s.Host != otherHost || s.State != fleet.SiteLive {
		t.Errorf("row: %+v", s)
	}
}

// The closed copy goes when its time is over, and what was its own is put aside.
func TestClosedCopyGoesInTheEnd(t *testing.T) {
	p := newPair(t)
	p.create("shop.example")
	sent, _ := p.walk(p.order("shop.example", p.there))
	p.here.want(sent, fleet.TaskDone)
	up := hosting.Upkeep{Worker: p.here.worker, Orders: p.here.sites, Tasks: &fleet.Tasks{Store: p.here.store}}
	must(t, up.Due(t.Context(), time.Now()))
	ref := fleet.TaskRef{Host: host, ID: sent.ID + "-left"}
	if found, _ := p.here.store.Read(t.Context(), &fleet.Task{Host: host, ID: ref.ID}); found[0] {
		t.Error("it goes before its time")
	}
	for range 2 { // ordered again it is the same task
		must(t, up.Due(t.Context(), time.Now().Add(8*24*time.Hour)))
	}
	p.here.want(p.here.finish(ref), fleet.TaskDone)
	if _, err := os.Lstat(p.here.sitePath("shop.example")); !os.IsNotExist(err) {
		t.Errorf("it is still there: %v", err)
	}
	kept, _ := filepath.Glob(filepath.Join(p.here.dir, "removed", "shop.example@*", "versioned", "data", "log"))
	if len(kept) != 1 || p.there.visit("shop.example") != 200 {
		t.Errorf("aside: %v; visitors get %d", kept, p.there.visit("shop.example"))
	}
}

// A move that is cancelled before visitors wait leaves everything as it is.
func TestMoveIsCancelled(t *testing.T) {
	p := newPair(t)
	p.create("shop.example")
	send := p.order("shop.example", p.there)
	faultyOver(p.here).packed = func(bool) {
		_, err := (&fleet.Tasks{Store: p.here.store}).Cancel(context.Background(), send.ID, alice)
		must(t, err)
	}
	sent, received := p.walk(send)
	p.here.want(sent, fleet.TaskCancelled)
	if received.ID != "" && received.State != fleet.TaskFailed {
		t.Errorf("received: %s", received.State)
	}
	p.stays(t, "shop.example")
}
