package storetest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

// testIndexMoves asserts that index entries follow the rows, and only those
// that differ are touched.
func testIndexMoves(t *testing.T, b *bench) {
	at := func(want map[string][]string) {
		t.Helper()
		for name, members := range want {
			ix := fleet.Index{Family: fleet.Catalogue, Name: name}
			if got := b.list(ix, fleet.Page{}); !slices.Equal(got, members) {
				t.Errorf("%s holds %v, want %v", name, got, members)
			}
		}
	}
	site := &fleet.Site{URI: "a", Platform: "p1", Tags: []string{"x", "X", "y"}}
	b.put(site)
	at(map[string][]string{"plat:p1:sites": {"a"}, "tag:x:sites": {"a"}, "tag:y:sites": {"a"}})
	b.put(&fleet.Site{URI: "a", Platform: "p2", Tags: []string{"y", "z"}})
	at(map[string][]string{"plat:p1:sites": nil, "plat:p2:sites": {"a"}, "tag:x:sites": nil, "tag:y:sites": {"a"}, "tag:z:sites": {"a"}})
	b.drop(&fleet.Site{URI: "a"})
	at(map[string][]string{"plat:p2:sites": nil, "tag:y:sites": nil, "tag:z:sites": nil})

	task := &fleet.Task{ID: "01t", Host: "h", State: fleet.TaskQueued, Created: time.UnixMilli(5)}
	b.put(task)
	if got := b.list(fleet.TasksDue("h"), fleet.Page{To: 1}); !slices.Equal(got, []string{"01t"}) {
		t.Errorf("due %v", got)
	}
	task.State, task.Lease = fleet.TaskRunning, time.UnixMilli(9000)
	b.put(task)
	if got := b.list(fleet.TasksDue("h"), fleet.Page{To: 8999}); len(got) != 0 {
		t.Errorf("due before its lease is over: %v", got)
	}
	if got := b.list(fleet.TasksDue("h"), fleet.Page{To: 9000}); len(got) != 1 {
		t.Errorf("not due after its lease: %v", got)
	}
	task.State = fleet.TaskDone
	b.put(task)
	if n, err := b.Count(t.Context(), fleet.TasksDue("h"), fleet.TasksOf("h"), fleet.SitesOf("p2")); err != nil || !slices.Equal(n, []int{0, 1, 0}) {
		t.Errorf("counts %v, %v", n, err)
	}
	// One row may take the place of another in the same commit.
	b.put(&fleet.Distribution{Name: "one"})
	err := b.Update(t.Context(), fleet.Catalogue, func(tx fleet.Tx) error {
		old, anew := &fleet.Distribution{Name: "one"}, &fleet.Distribution{Name: "ONE"}
		tx.Get(old) // the same row, under a name in other letters
		tx.Put(anew)
		return nil
	})
	if got := b.list(fleet.AllDistributions, fleet.Page{}); err != nil || !slices.Equal(got, []string{"ONE"}) {
		t.Errorf("distributions %v, %v", got, err)
	}
}

// testPaging compares every page of a plain index and of one with scores with
// what a sorted list gives.
func testPaging(t *testing.T, b *bench) {
	const n = 57
	for i := range n {
		b.put(&fleet.Site{URI: fleet.URI(fmt.Sprintf("site%02d", (i*23)%n)), Platform: "p"})
		b.put(&brief{Name: fmt.Sprintf("brief%02d", (i*23)%n), N: (i * 23) % n / 3, life: time.Hour})
	}
	for _, p := range []fleet.Page{
		{}, {Limit: 10}, {Offset: 50, Limit: 10}, {Offset: 57, Limit: 10}, {Offset: 100}, {Offset: 5}, {Limit: 10, Descending: true}, {Offset: 55, Descending: true},
		{To: 4}, {From: 3, To: 4}, {From: 18}, {From: 5, To: 6, Descending: true}, {From: 3, To: 9, Offset: 4, Limit: 3},
	} {
		if got, want := b.list(briefs, p), expect(n, "brief", p, func(i int) int64 { return int64(i / 3) }); !slices.Equal(got, want) {
			t.Errorf("%+v of briefs: %v, want %v", p, got, want)
		}
		if got, want := b.list(fleet.SitesOf("p"), p), expect(n, "site", p, func(int) int64 { return 0 }); !slices.Equal(got, want) {
			t.Errorf("%+v of sites: %v, want %v", p, got, want)
		}
	}
}

// expect is what a page must give of n members with these scores.
func expect(n int, name string, p fleet.Page, score func(int) int64) []string {
	var all []string
	for i := range n {
		if s := score(i); s >= p.From && (p.To == 0 || s <= p.To) {
			all = append(all, fmt.Sprintf("%s%02d", name, i))
		}
	}
	if p.Descending {
		slices.Reverse(all)
	}
	all = all[min(p.Offset, len(all)):]
	if p.Limit > 0 {
		all = all[:min(p.Limit, len(all))]
	}
	return all
}
