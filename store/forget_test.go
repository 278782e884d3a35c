package store_test

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/store"
	"github.com/distrobot/distrobot/store/storetest"
)

// TestForgottenTasksLeaveNothing ends many tasks with logs, long ago, and lets
// them be forgotten: neither rows nor logs nor places in indexes are left, but of
// the one that a site still names and the one that is not over.
func TestForgottenTasksLeaveNothing(t *testing.T) {
	n := 500
	if os.Getenv("DISTROBOT_TEST_THOROUGH") != "" {
		n = 10_000
	}
	server := storetest.Start(t)
	s, err := store.Open(t.Context(), store.Options{URL: server.URL(), Key: []byte("k"), Remember: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	put := func(r, have fleet.Record) {
		t.Helper()
		err := s.Update(context.Background(), r.Key().Family, func(tx fleet.Tx) error {
			_, err := tx.Get(have)
			tx.Put(r)
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
	old := time.Now().Add(-100 * 24 * time.Hour)
	order := func(id fleet.TaskID, state fleet.TaskState, about string) {
		put(&fleet.Task{ID: id, Host: "local", Kind: fleet.TaskMigrate, State: state, About: about, Created: old, Ended: old},
			&fleet.Task{ID: id, Host: "local"})
		if err := s.Append(context.Background(), id, "local", fleet.LogLine{At: old, Text: strings.Repeat("x", 200)}); err != nil {
			t.Error(err)
		}
	}
	put(&fleet.Site{URI: "a.example", Lock: fleet.SiteLock{Task: "01named"}}, &fleet.Site{URI: "a.example"})
	order("01named", fleet.TaskFailed, "a.example")
	order("01held", fleet.TaskHeld, "b.example")
	keys := func() int64 {
		count, err := s.Client().DBSize(t.Context()).Result()
		if err != nil {
			t.Fatal(err)
		}
		return count
	}
	settle := func() int64 { // commits forget themselves after a second
		for last := keys(); ; {
			time.Sleep(1200 * time.Millisecond)
			now := keys()
			if now == last {
				return now
			}
			last = now
		}
	}
	before, memory := settle(), used(t, s)
	var all sync.WaitGroup
	for part := range 8 {
		all.Go(func() {
			for i := part; i < n; i += 8 {
				order(fleet.TaskID(fmt.Sprintf("01t%05d", i)), fleet.TaskDone, "c.example")
			}
		})
	}
	all.Wait()
	full := used(t, s)
	f := &fleet.Forgetter{Store: s, Keep: 90 * 24 * time.Hour}
	if gone, err := f.Sweep(t.Context()); gone != n || err != nil {
		t.Errorf("%d of %d were forgotten, %v", gone, n, err)
	}
	if after := settle(); after != before {
		t.Errorf("%d keys are left, there were %d", after, before)
	}
	left, err := s.List(t.Context(), fleet.TasksOf("local"), fleet.Page{})
	if err != nil || fmt.Sprint(left) != "[01held 01named]" {
		t.Errorf("left: %v %v", left, err)
	}
	after := used(t, s)
	t.Logf("%d tasks: %d bytes before, %d with them, %d after", n, memory, full, after)
	if after-memory > (full-memory)/5 {
		t.Errorf("memory went from %d to %d and back to %d only", memory, full, after)
	}
	t.Attr("trials", strconv.Itoa(n))
}

// used is what Redis says that its data takes.
func used(t *testing.T, s *store.Store) int64 {
	t.Helper()
	info, err := s.Client().Info(t.Context(), "memory").Result()
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(info, "\r\nused_memory_dataset:")
	line, _, _ := strings.Cut(rest, "\r\n")
	n, err := strconv.ParseInt(line, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
