package hosting_test

import (
	"bytes"
	"context"
	"errors"
	"hash/fnv"
	"image"
	"image/color"
	"image/draw"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
	"github.com/distrobot/distrobot/internal/look"
)

// An eye draws what a page answers, byte by byte, as a browser that is always the
// same. A page with the word "crash" crashes it, one with "clock" never looks the
// same.
type eye struct{ shots atomic.Int64 }

func (e *eye) Shoot(ctx context.Context, s look.Shot) (look.Picture, error) {
	n := e.shots.Add(1)
	r, err := s.Get(ctx, s.Path)
	switch {
	case err != nil:
		return look.Picture{}, err
	case bytes.Contains(r.Body, []byte("crash")):
		return look.Picture{}, errors.New("chromium crashed")
	case bytes.Contains(r.Body, []byte("clock")) && n%2 == 0:
		r.Body = []byte("tock")
	}
	h := fnv.New32()
	_, _ = h.Write(r.Body)
	img := image.NewRGBA(image.Rect(0, 0, s.Width, 200))
	draw.Draw(img, img.Bounds(), image.NewUniform(color.RGBA{byte(h.Sum32()), byte(h.Sum32() >> 8), byte(h.Sum32() >> 16), 0xff}), image.Point{}, draw.Src)
	return look.Picture{Image: img, Status: r.Status}, nil
}

func (e *eye) Close() {}

// eyed gives the worker of a world eyes.
func (w *world) eyed() *eye {
	e := &eye{}
	w.worker.Eyes = func(context.Context) (hosting.Eye, error) { return e, nil }
	w.worker.Looks = filepath.Join(w.dir, "looks")
	return e
}

// lookingMove is a move that looks at its site.
func lookingMove(w *world, uri fleet.URI, to fleet.PlatformName, policy fleet.Looking) fleet.Task {
	t := migration(w.site(uri), to)
	t.Params[fleet.ParamLook] = string(policy)
	return t
}

// lookPage is a small site whose page, which is looked at, never says its data.
func lookPage(says string) tree {
	files := small("old", ":")
	files["web/plain.html"] = says
	return files
}

func lookWorld(t *testing.T) (*world, *eye) {
	t.Helper()
	w := openWorld(t, t.TempDir(), "memory")
	t.Cleanup(func() { makeWritable(w.dir) })
	for name, says := range map[fleet.PlatformName]string{"old": "hello", "same": "hello", "other": "good bye", "crashes": "crash", "clock": "clock", "clock2": "clock"} {
		w.publish(name, lookPage(says))
	}
	return w, w.eyed()
}

func (w *world) seen(task fleet.Task) fleet.Look {
	w.t.Helper()
	l := fleet.Look{Host: task.Host, Task: task.ID}
	must(w.t, fleet.One(context.Background(), w.store, &l, "look"))
	return l
}

// What looks the same goes on, what looks otherwise waits for a person, and what
// cannot be looked at does what the policy says: never silently.
func TestLook(t *testing.T) {
	w, _ := lookWorld(t)
	for _, tt := range []struct {
		name     string
		from, to fleet.PlatformName
		policy   fleet.Looking
		state    fleet.TaskState
		reason   string
		over     int
		unsure   int
		pictures int
	}{
		{"same", "old", "same", fleet.LookOrAsk, fleet.TaskDone, "", 0, 0, 1},
		{"otherwise", "old", "other", fleet.LookOrSkip, fleet.TaskHeld, "100 % differs", 2, 0, 2},
		{"crashes and asks", "old", "crashes", fleet.LookOrAsk, fleet.TaskHeld, "chromium crashed", 0, 2, 0},
		{"crashes and skips", "old", "crashes", fleet.LookOrSkip, fleet.TaskDone, "", 0, 2, 0},
		{"noise and asks", "clock", "clock2", fleet.LookOrAsk, fleet.TaskHeld, "never looks the same", 0, 2, 2},
		{"noise and skips", "clock", "clock2", fleet.LookOrSkip, fleet.TaskDone, "", 0, 2, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			v := *w
			v.t = t
			uri := fleet.URI(strings.ReplaceAll(tt.name, " ", "-") + ".example")
			v.create(uri, tt.from)
			got := v.want(v.run(lookingMove(&v, uri, tt.to, tt.policy)), tt.state)
			w.tasks = v.tasks
			if !strings.Contains(got.Reason, tt.reason) {
				t.Errorf("reason: %s", got.Reason)
			}
			l := v.seen(got)
			pictures, err := fleet.Pictures(t.Context(), v.store, l)
			over, unsure := l.Count()
			if err != nil || over != tt.over || unsure != tt.unsure || len(l.Pages) != 2 || len(pictures) != tt.pictures {
				t.Errorf("%d pictures, %v, %+v", len(pictures), err, l)
			}
			for _, p := range pictures {
				if _, err := look.DecodePNG(p.PNG, 5000, 5000); err != nil || len(p.PNG) > fleet.MaxPicture || p.Alt == "" {
					t.Errorf("picture %d, %q: %v", p.N, p.Alt, err)
				}
			}
			if live := v.site(uri).Platform; (live == tt.to) != (tt.state == fleet.TaskDone) {
				t.Errorf("it is on %s", live)
			}
			v.notHeld(uri) // nobody waits while somebody looks
			if status, _ := v.get(uri, "/"); status != 200 {
				t.Errorf("visitors get %d", status)
			}
		})
	}
}

// A person's answer moves the site or leaves it as it is; Skip is no answer, as it
// takes less of a right.
func TestLookIsAnswered(t *testing.T) {
	for answer, end := range map[fleet.AnswerToHeld]fleet.TaskState{fleet.LooksRight: fleet.TaskDone, fleet.GiveUp: fleet.TaskFailed, fleet.RunAgain: fleet.TaskHeld} {
		t.Run(string(answer), func(t *testing.T) {
			w, _ := lookWorld(t)
			tasks := &fleet.Tasks{Store: w.store}
			w.create("a.example", "old")
			held := w.want(w.run(lookingMove(w, "a.example", "other", fleet.LookOrAsk)), fleet.TaskHeld)
			if _, err := tasks.Answer(t.Context(), held.ID, fleet.SkipStep, alice); fleet.CodeOf(err) != fleet.Refused {
				t.Errorf("skip: %v", err)
			}
			_, err := tasks.Answer(t.Context(), held.ID, answer, alice)
			must(t, err)
			w.want(w.finish(held.Ref()), end)
			s := w.site("a.example")
			if want := map[bool]fleet.PlatformName{true: "other", false: "old"}[end == fleet.TaskDone]; s.Platform != want || s.Pinned != "" || s.Lock.Task != "" && end.Final() {
				t.Errorf("site: %+v", s)
			}
			if _, err := os.Lstat(w.sitePath("a.example", "gen", "rehearsal")); end.Final() != os.IsNotExist(err) {
				t.Errorf("the rehearsal: %v", err)
			}
		})
	}
	w, _ := lookWorld(t)
	w.create("a.example", "old")
	plain := w.want(w.run(migration(w.site("a.example"), "same")), fleet.TaskDone)
	if _, found := plain.Step(fleet.StepLookAfter); found {
		t.Error("it was looked at unasked")
	}
}

// A host without a browser says so before anything is done: people are asked, or
// it is skipped and said.
func TestLookWithoutBrowser(t *testing.T) {
	for policy, state := range map[fleet.Looking]fleet.TaskState{fleet.LookOrAsk: fleet.TaskHeld, fleet.LookOrSkip: fleet.TaskDone} {
		w, _ := lookWorld(t)
		w.worker.Eyes = func(context.Context) (hosting.Eye, error) { return nil, look.ErrNoBrowser }
		w.create("a.example", "old")
		got := w.want(w.run(lookingMove(w, "a.example", "same", policy)), state)
		if l := w.seen(got); !strings.Contains(l.Unable, "no Chromium") || l.Policy != policy {
			t.Errorf("%s: %+v", policy, l)
		}
		if state == fleet.TaskDone {
			continue
		}
		if r, _ := got.Step(fleet.StepLookBefore); r.State != fleet.StepUnknown || !strings.Contains(got.Reason, "no Chromium") {
			t.Errorf("it is held at %+v: %s", r, got.Reason)
		}
		_, err := (&fleet.Tasks{Store: w.store}).Answer(t.Context(), got.ID, fleet.LooksRight, alice)
		must(t, err)
		w.want(w.finish(got.Ref()), fleet.TaskDone)
	}
}

// The pictures of before are taken while the old site is as it was; a worker that
// has lost them takes them of the old copy.
func TestLookTakesLostPicturesAnew(t *testing.T) {
	w, e := lookWorld(t)
	w.create("a.example", "old")
	held := w.want(w.run(lookingMove(w, "a.example", "other", fleet.LookOrAsk)), fleet.TaskHeld)
	first := e.shots.Load()
	must(t, os.RemoveAll(filepath.Join(w.dir, "looks")))
	_, err := (&fleet.Tasks{Store: w.store}).Answer(t.Context(), held.ID, fleet.RunAgain, alice)
	must(t, err)
	w.want(w.finish(held.Ref()), fleet.TaskHeld)
	if again := e.shots.Load() - first; first != 6 || again != 6 {
		t.Errorf("%d pictures, then %d", first, again)
	}
}

// thatLooks moves a site to a platform that looks the same.
func thatLooks(w *world, uri fleet.URI) fleet.Task {
	w.eyed()
	w.create(uri, "old")
	return lookingMove(w, uri, "good", fleet.LookOrSkip)
}

// lookedAt checks that a move has looked, however often its worker died, and seen
// nothing: the page of these sites that is looked at is always the same.
func lookedAt(w *world, uri fleet.URI, task fleet.Task) {
	stands("good", 2, "begin\ngood")(w, uri, task)
	l := w.seen(task)
	pictures, err := fleet.Pictures(context.Background(), w.store, l)
	if over, unsure := l.Count(); err != nil || over != 0 || unsure != 0 || len(l.Pages) != 2 || len(pictures) != 1 {
		w.t.Errorf("%d pictures, %v, %+v", len(pictures), err, l)
	}
	for _, p := range l.Pages {
		if p.Note != "" || p.Wrong != "" {
			w.t.Errorf("seen: %+v", p)
		}
	}
}
