package hosting_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/distrobot/distrobot/cmd/distrobot/sample"
	"github.com/distrobot/distrobot/fleet"
)

// writers sign a guest book without pause until stop is called, which gives
// every entry that the site accepted.
func (w *world) writers(uri fleet.URI, n int) (stop func() []string) {
	var mu sync.Mutex
	var accepted []string
	var all sync.WaitGroup
	done := make(chan struct{})
	for i := range n {
		all.Go(func() {
			for k := 0; ; k++ {
				select {
				case <-done:
					return
				default:
				}
				text := fmt.Sprintf("entry %d of writer %d.", k, i)
				switch status := w.sign(uri, "Writer", text); status {
				case http.StatusSeeOther:
					mu.Lock()
					accepted = append(accepted, text)
					mu.Unlock()
				case http.StatusServiceUnavailable:
				default:
					w.t.Errorf("a visitor got %d", status)
					return
				}
			}
		})
	}
	return func() []string {
		close(done)
		all.Wait()
		return accepted
	}
}

// Visitors write all the time while a site is upgraded: whatever was accepted
// is there afterwards, once.
func TestNoAcceptedWriteIsLostInAnUpgrade(t *testing.T) {
	w := newWorld(t)
	const uri = "harbour.example"
	one := w.build("1.0.0")
	must(t, sample.Publish(t.Context(), w.repo, "1.2.0"))
	two := w.build("1.2.0")
	w.create(uri, one)
	stop := w.writers(uri, 4)
	w.awaitEntries(uri, 20)
	w.want(w.migrate(uri, two), fleet.TaskDone)
	w.awaitEntries(uri, 10+lines(w.bookText(uri)))
	accepted := stop()
	w.holdsAll(uri, accepted)
	t.Attr("trials", fmt.Sprint(len(accepted)))
	if schema, _ := w.book(uri); schema != "2" {
		t.Errorf("schema %s", schema)
	}
	t.Logf("%d accepted entries, all there", len(accepted))
}

// The upgrade fails while visitors write all the time: the old schema and every
// accepted entry are there, also those written while it was prepared.
func TestNoAcceptedWriteIsLostInAFailedUpgrade(t *testing.T) {
	w := newWorld(t)
	const uri = "zoo.example" // holds the entry that breaks 1.3.0
	one := w.build("1.0.0")
	must(t, sample.Publish(t.Context(), w.repo, "1.2.0"))
	must(t, sample.Publish(t.Context(), w.repo, "1.3.0"))
	bad := w.build("1.3.0")
	w.create(uri, one)
	w.worker.Retry = 300 * time.Millisecond // visitors meet the hold
	stop := w.writers(uri, 4)
	w.awaitEntries(uri, 20)
	w.want(w.migrate(uri, bad), fleet.TaskFailed)
	w.awaitEntries(uri, 10+lines(w.bookText(uri)))
	accepted := stop()
	w.holdsAll(uri, accepted)
	t.Attr("trials", fmt.Sprint(len(accepted)))
	if schema, _ := w.book(uri); schema != "1" {
		t.Errorf("schema %s", schema)
	}
}

func (w *world) bookText(uri fleet.URI) string { _, book := w.book(uri); return book }

func lines(s string) int { return strings.Count(s, "\n") + 1 }

// awaitEntries waits until the book has n entries: writers are at work.
func (w *world) awaitEntries(uri fleet.URI, n int) {
	w.t.Helper()
	over := time.Now().Add(20 * time.Second)
	for lines(w.bookText(uri)) < n {
		if time.Now().After(over) {
			w.t.Fatalf("the book has %d entries, not %d", lines(w.bookText(uri)), n)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// holdsAll checks that each accepted entry is in the book once.
func (w *world) holdsAll(uri fleet.URI, accepted []string) {
	w.t.Helper()
	book := w.bookText(uri)
	for _, text := range accepted {
		if n := strings.Count(book, "\t"+text); n != 1 {
			w.t.Errorf("accepted entry %q is there %d times", text, n)
		}
	}
	if len(accepted) < 20 {
		w.t.Errorf("only %d entries were accepted", len(accepted))
	}
}

// A site that answers worse after its switch is brought back while nobody has
// written to it.
func TestWorseAfterTheSwitch(t *testing.T) {
	for _, c := range []struct {
		name    string
		written bool
	}{{"untouched", false}, {"written", true}} {
		t.Run(c.name, func(t *testing.T) {
			w := openWorld(t, t.TempDir(), "memory")
			t.Cleanup(func() { makeWritable(w.dir) })
			w.publish("old", small("old", ":"))
			// Well while nobody but the worker asks, and failing once it is public.
			w.publish("new", small("new", ":").edit("web/index.cgi", "test -e bad", `test -e "`+w.dir+`/public" -a "$REQUEST_METHOD" = GET`))
			w.create("a.example", "old")
			before := w.read("a.example", "live/versioned/data/log")
			w.worker.Backend = onRelease{Backend: w.backend, then: func() {
				must(t, os.WriteFile(filepath.Join(w.dir, "public"), nil, 0o644))
				if c.written {
					do(t, http.MethodPost, w.address("a.example")+"/?hello", nil)
				}
			}}
			task := w.want(w.migrate("a.example", "new"), fleet.TaskFailed)
			s := w.site("a.example")
			w.notHeld("a.example")
			if !c.written {
				if s.Platform != "old" || s.Generation != 1 || !strings.HasPrefix(s.Pinned, "rolled back: After the switch") {
					t.Errorf("not brought back: %+v\n%s", s, w.log(task))
				}
				if got := w.read("a.example", "live/versioned/data/log"); got != before {
					t.Errorf("data %q", got)
				}
				return
			}
			if s.Platform != "new" || s.Generation != 2 || s.Previous != 1 || s.Lock.Task != "" {
				t.Errorf("not left where it is: %+v\n%s", s, w.log(task))
			}
			a := fleet.Alarm{ID: "worse/" + string(task.ID)}
			must(t, fleet.One(t.Context(), w.store, &a, "alarm"))
			if len(a.Buttons) != 1 || a.Buttons[0].Action != fleet.ActRollback || a.Buttons[0].Value != "a.example|2" {
				t.Errorf("alarm: %+v", a)
			}
			if !strings.Contains(w.read("a.example", "live/versioned/data/log"), "hello") {
				t.Error("the visitor's entry is gone")
			}
		})
	}
}
