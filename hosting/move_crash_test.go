package hosting_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
)

func (e explosive) mobile() hosting.Mobile { return e.Backend.(hosting.Mobile) }

func (e explosive) Weigh(ctx context.Context, c hosting.Copy) (hosting.Amount, hosting.Amount, error) {
	return e.mobile().Weigh(ctx, c)
}

func (e explosive) Left(ctx context.Context) ([]hosting.Left, error) { return e.mobile().Left(ctx) }

func (e explosive) Laid(ctx context.Context, c hosting.Copy) (hosting.Record, error) {
	return e.mobile().Laid(ctx, c)
}

func (e explosive) Parcel(task fleet.TaskID, name string) (string, error) {
	return e.mobile().Parcel(task, name)
}

func (e explosive) Pack(ctx context.Context, c hosting.Copy, last bool) (parts []fleet.TransitPart, err error) {
	err = e.around(func() error { parts, err = e.mobile().Pack(ctx, c, last); return err })
	return parts, err
}

func (e explosive) Leave(ctx context.Context, c hosting.Copy, l hosting.Left) error {
	return e.around(func() error { return e.mobile().Leave(ctx, c, l) })
}

func (e explosive) Bury(ctx context.Context, l hosting.Left) error {
	return e.around(func() error { return e.mobile().Bury(ctx, l) })
}

func (e explosive) Unpack(ctx context.Context, c hosting.Copy, was string) error {
	return e.around(func() error { return e.mobile().Unpack(ctx, c, was) })
}

func (e explosive) Discharge(ctx context.Context, task fleet.TaskID) error {
	return e.around(func() error { return e.mobile().Discharge(ctx, task) })
}

// Either worker of a move that is killed with -9 after a commit or an effect is
// followed by one that goes on: in the end the site is on the other host with all
// its data, and at no time did both hosts let visitors in.
func TestMoveKilledAnywhere(t *testing.T) {
	p := newPair(t)
	for i, kind := range []fleet.TaskKind{fleet.TaskMove, fleet.TaskReceive} {
		t.Run(string(kind), func(t *testing.T) {
			points, stride := 0, int64(1)
			if os.Getenv("DISTROBOT_TEST_THOROUGH") == "" {
				stride = 9
			}
			for point := int64(1 + i); ; point += stride {
				if !p.on(t).killMove(kind, point) {
					break
				}
				points++
			}
			t.Attr("trials", strconv.Itoa(points))
			if points < 3 {
				t.Errorf("it was killed at %d points", points)
			}
		})
	}
}

// on is the pair for a test within the test.
func (p pair) on(t *testing.T) pair {
	here, there := *p.here, *p.there
	here.t, there.t = t, t
	p.here, p.there = &here, &there
	return p
}

// killMove kills one side of a move at a point; false when it ended before.
func (p pair) killMove(kind fleet.TaskKind, point int64) bool {
	t := p.here.t
	uri := fleet.URI(fmt.Sprintf("%s%d.example", kind, point))
	p.create(uri)
	upload := p.here.sitePath(uri, "shared", "web", "files", "photo.jpg")
	must(t, os.WriteFile(upload, []byte("a photo"), 0o644))
	do(t, http.MethodPost, p.here.address(uri)+"/index.cgi?first", nil)
	send := p.order(uri, p.there)

	killed := make(chan bool, 1)
	mortal := func(w *world, ref fleet.TaskRef) fleet.Task {
		died := w.child(crash{Dir: w.dir, Host: w.host, Redis: p.redis, Task: ref, Point: point})
		p.neverBoth(uri, point)
		killed <- died
		return w.finish(ref)
	}
	immortal := func(w *world, ref fleet.TaskRef) fleet.Task { return w.finish(ref) }
	sender, receiver := mortal, immortal
	if kind == fleet.TaskReceive {
		sender, receiver = immortal, mortal
	}
	received := make(chan fleet.Task, 1)
	go func() { received <- receiver(p.there, p.received(send)) }()
	sent := sender(p.here, send)
	got := <-received
	p.arrivedWhole(uri, point, sent, got)
	return <-killed
}

// received waits until the receiving task of a move is in its host's family.
func (p pair) received(send fleet.TaskRef) fleet.TaskRef {
	ref := fleet.TaskRef{Host: otherHost, ID: send.ID + "-" + fleet.TaskID(otherHost)}
	p.awaitTask(context.Background(), ref)
	return ref
}

// neverBoth checks what visitors get of both hosts at some moment: one of them at
// most shows the site.
func (p pair) neverBoth(uri fleet.URI, point int64) {
	if here, there := p.here.visit(uri), p.there.visit(uri); here == 200 && there == 200 {
		p.here.t.Errorf("point %d: both hosts show the site", point)
	}
}

// visit is what a visitor gets of a host, whether it has the site or not.
func (w *world) visit(uri fleet.URI) int {
	rec := httptest.NewRecorder()
	req := httptest.NewRequest(http.MethodGet, "http://"+string(uri)+"/", nil)
	w.web.Handler().ServeHTTP(rec, req)
	return rec.Code
}

// arrivedWhole checks both hosts when both tasks have ended.
func (p pair) arrivedWhole(uri fleet.URI, point int64, sent, got fleet.Task) {
	t := p.here.t
	t.Helper()
	s := p.here.site(uri)
	body := ""
	if sent.State != fleet.TaskDone || got.State != fleet.TaskDone || s.Host != otherHost || s.Generation != 2 || s.State != fleet.SiteLive || s.Lock.Task != "" {
		t.Fatalf("point %d: %+v\n%s\n%s", point, s, p.here.log(sent), p.there.log(got))
	}
	if here, there := p.here.visit(uri), p.there.visit(uri); here != 503 || there != 200 {
		t.Errorf("point %d: visitors get %d here and %d there", point, here, there)
	}
	if _, body = p.there.get(uri, "/"); !strings.Contains(body, "begin\nfirst") {
		t.Errorf("point %d: %s", point, body)
	}
	if _, body = p.there.get(uri, "/files/photo.jpg"); body != "a photo" {
		t.Errorf("point %d: the upload is %q", point, body)
	}
	for _, w := range []*world{p.here, p.there} {
		if left, _ := filepath.Glob(filepath.Join(w.dir, "parcels", "*")); left != nil {
			t.Errorf("point %d: left behind: %v", point, left)
		}
	}
	if t.Failed() {
		t.Fatalf("point %d:\n%s\n%s", point, p.here.log(sent), p.there.log(got))
	}
}
