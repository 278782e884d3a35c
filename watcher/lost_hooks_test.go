package watcher_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/internal/mirror"
	"github.com/distrobot/distrobot/store"
	"github.com/distrobot/distrobot/store/storetest"
	"github.com/distrobot/distrobot/watcher"
)

// watched is a forge with three replicas that watch it.
type watched struct {
	*testing.T
	forge    *forge
	store    *store.Store
	interval time.Duration
	replicas []*watcher.Poller
	kill     []context.CancelFunc
	n        int
	moved    map[string]time.Time // by commit
	seen     map[string][]time.Time
	last     map[int]string // the commit each repository was moved to
}

func newWatched(t *testing.T) *watched {
	n := forgeSize(t, os.Getenv("DISTROBOT_FORGE"))
	w := &watched{T: t, forge: newForge(t, n), n: n + forgeReal, moved: map[string]time.Time{}, seen: map[string][]time.Time{}, last: map[int]string{}}
	w.interval = max(2*time.Second, time.Duration(n)*20*time.Millisecond)
	open := redisFor(t)
	w.store = open()
	catalog := &fleet.Catalog{Store: w.store}
	for i := range w.n {
		d := fleet.Distribution{Name: fleet.DistName(fmt.Sprintf("d%d", i)), Kind: "generic", URL: w.forge.url(i), Track: fleet.Track{Branch: "main"}}
		if _, err := catalog.Add(t.Context(), d, fleet.Actor{ID: "U1"}); err != nil {
			t.Fatal(err)
		}
	}
	var running sync.WaitGroup
	t.Cleanup(running.Wait)
	for i := range 3 {
		s := open()
		p := &watcher.Poller{Store: s, News: &fleet.News{Store: s}, Refs: mirror.NewLister(local()), Interval: w.interval, Owner: fmt.Sprint("replica ", i)}
		ctx, stop := context.WithCancel(t.Context())
		t.Cleanup(stop)
		w.replicas, w.kill = append(w.replicas, p), append(w.kill, stop)
		running.Go(func() { p.Run(ctx) })
	}
	w.await("the first reading of all", func() bool { return w.known() == w.n })
	return w
}

// redisFor starts where the replicas meet and gives each its own way there: in
// the long form a real Redis, in the short one, which shares its machine with
// other tests, one store in memory for all.
func redisFor(t *testing.T) func() *store.Store {
	url := "memory"
	if os.Getenv("DISTROBOT_FORGE") != "" {
		url = storetest.Start(t).URL()
	}
	var first *store.Store
	return func() *store.Store {
		if first != nil && url == "memory" {
			return first
		}
		s, err := store.Open(t.Context(), store.Options{URL: url, Key: []byte(strings.Repeat("k", 32)), Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		first = s
		return s
	}
}

// known counts the distributions whose head is known.
func (w *watched) known() int {
	cursors, recs := make([]fleet.Cursor, w.n), make([]fleet.Record, w.n)
	for i := range cursors {
		cursors[i].Distribution = fleet.DistName(fmt.Sprintf("d%d", i))
		recs[i] = &cursors[i]
	}
	if _, err := w.store.Read(w.Context(), recs...); err != nil {
		w.Fatal(err)
	}
	return w.n - len(slices.DeleteFunc(cursors, func(c fleet.Cursor) bool { return c.Head.Commit != "" }))
}

func (w *watched) await(what string, condition func() bool) {
	w.Helper()
	pause := max(20*time.Millisecond, w.interval/50) // looking costs, too
	for end := time.Now().Add(8*w.interval + 30*time.Second); !condition(); time.Sleep(pause) {
		if time.Now().After(end) {
			w.Fatalf("waited in vain for: %s", what)
		}
	}
}

// collect takes what was said since the last time.
func (w *watched) collect() {
	w.Helper()
	for {
		effects, err := w.store.Pending(w.Context(), fleet.Catalogue, 1000)
		if err != nil {
			w.Fatal(err)
		}
		var ids []string
		for _, e := range effects {
			ids = append(ids, e.ID)
			if a := e.Effect.Audit; a != nil && strings.HasPrefix(a.What, "news.") {
				w.seen[a.Detail["commit"]] = append(w.seen[a.Detail["commit"]], a.At)
			}
		}
		if len(ids) == 0 {
			return
		}
		if err := w.store.Ack(w.Context(), fleet.Catalogue, ids...); err != nil {
			w.Fatal(err)
		}
	}
}

// moveAll moves every repository at some time within an interval, tells of half
// of the moves by webhook, and meanwhile kills a replica, if one is named.
func (w *watched) moveAll(round, victim int) (hooked map[string]bool) {
	w.Helper()
	hooked = map[string]bool{}
	order := rand.Perm(w.n)
	for k, i := range order {
		if victim >= 0 && k == w.n/2 {
			w.kill[victim]()
		}
		before := time.Now()
		commit := w.forge.move(i, round)
		w.moved[commit], w.last[i] = before, commit
		if k%2 == 0 && w.hook(w.replicas[2-k%4/2], w.forge.url(i)) {
			hooked[commit] = true
		}
		time.Sleep(time.Until(before.Add(w.interval / time.Duration(w.n))))
	}
	if len(hooked) < w.n/4 {
		w.Errorf("only %d of %d webhooks were taken", len(hooked), w.n/2)
	}
	return hooked
}

// hook posts a signed webhook to a replica and reports whether it was taken. A
// machine too busy to record it in time says so, and it is one more that is lost.
func (w *watched) hook(p *watcher.Poller, url string) bool {
	w.Helper()
	g, err := watcher.NewHooks("gitea", []string{secret}, p, nil)
	if err != nil {
		w.Fatal(err)
	}
	body := fmt.Sprintf(`{"after":"%d","repository":{"clone_url":%q}}`, rand.Int64(), url)
	r := httptest.NewRequest(http.MethodPost, "/hooks/gitea", strings.NewReader(body))
	set(r.Header, "Content-Type", "application/json", "X-Gitea-Event", "push", "X-Gitea-Delivery", fmt.Sprint(rand.Int64()),
		"X-Gitea-Signature", sum(sha256.New, secret, body))
	rec := httptest.NewRecorder()
	if g.ServeHTTP(rec, r); rec.Code != http.StatusAccepted && rec.Code != http.StatusServiceUnavailable {
		w.Errorf("webhook: %d %s", rec.Code, rec.Body)
	}
	return rec.Code == http.StatusAccepted
}

// all reports whether every move was said.
func (w *watched) all() bool {
	w.collect()
	return len(w.seen) >= len(w.moved)
}

// once checks that each move was said exactly once, and nothing else, and gives
// how long each took.
func (w *watched) once() map[string]time.Duration {
	w.Helper()
	w.collect()
	took := map[string]time.Duration{}
	for commit, at := range w.moved {
		if len(w.seen[commit]) != 1 {
			w.Errorf("a move was said %d times", len(w.seen[commit]))
			continue
		}
		took[commit] = w.seen[commit][0].Sub(at)
	}
	if len(w.seen) != len(w.moved) {
		w.Errorf("%d moves, %d said", len(w.moved), len(w.seen))
	}
	return took
}

// Half of the webhooks are lost and one of three replicas is killed: every head
// move is announced exactly once, within one interval; only what the dead
// replica was just reading waits for its next turn.
func TestLostHooksAndAKilledReplica(t *testing.T) {
	t.Parallel() // it waits most of the time
	w := newWatched(t)
	hooked := w.moveAll(1, 0)
	w.await("all moves", w.all)
	for commit := range w.moveAll(2, -1) {
		hooked[commit] = true
	}
	w.await("all moves", w.all)
	time.Sleep(w.interval / 4) // what would be said twice has this long to show
	var fast, slow []time.Duration
	late := 0
	for commit, d := range w.once() {
		if hooked[commit] {
			fast = append(fast, d)
		} else {
			slow = append(slow, d)
		}
		if d > w.interval*11/10+time.Second {
			late++
		}
	}
	slices.Sort(fast)
	slices.Sort(slow)
	t.Logf("%d repositories every %v: with a webhook %v at the median, %v at most; without %v, %v; %d later than one interval",
		w.n, w.interval, fast[len(fast)/2], fast[len(fast)-1], slow[len(slow)/2], slow[len(slow)-1], late)
	if os.Getenv("DISTROBOT_FORGE") == "" {
		return // the short form shares its machine with other tests: what it shows is that nothing is lost or repeated
	}
	if late > watcher.DefaultSlots || slow[len(slow)-1] > w.interval*23/10+time.Second {
		t.Errorf("%d moves were late, the latest after %v", late, slow[len(slow)-1])
	}
	if fast[len(fast)/2] > w.interval/3 {
		t.Errorf("a webhook saves too little: %v", fast[len(fast)/2])
	}
}

// The servers are slow, ask for rests, fail, cut answers off, redirect and lie:
// no move is missed and none is said twice.
func TestForgeThatMisbehaves(t *testing.T) {
	t.Parallel()
	w := newWatched(t)
	w.forge.faults.Store(true)
	w.moveAll(1, 1)
	w.moveAll(2, -1)
	w.forge.faults.Store(false) // what failed over and over comes at longer intervals
	w.await("the last move of each", w.settled)
	for commit, at := range w.seen {
		if len(at) != 1 || w.moved[commit].IsZero() {
			t.Errorf("%s was said %d times", commit, len(at))
		}
	}
	t.Logf("%d of %d moves of %d repositories said, each once, over %d requests", len(w.seen), len(w.moved), w.n, w.forge.requests.Load())
}

// settled reports whether every repository's present head was said; a move that
// another one overtook before it could be read needs no word.
func (w *watched) settled() bool {
	w.Helper()
	w.collect()
	for i := range w.n {
		if len(w.seen[w.last[i]]) == 0 {
			return false
		}
	}
	return true
}
