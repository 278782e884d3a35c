package storetest

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/store"
)

// stock puts one of everything that matters into the store.
func (b *bench) stock() {
	b.t.Helper()
	b.put(&fleet.Distribution{Name: "Shop", Target: "shop-2"})
	b.put(&fleet.Platform{Name: "shop-1", Distribution: "Shop", State: fleet.PlatformReady, Locked: true})
	b.put(&fleet.Freeze{Distribution: "Shop", Reason: "Holidays", Until: time.Date(2027, 1, 7, 0, 0, 0, 0, time.UTC)})
	for n := range 3 {
		b.put(&fleet.Site{URI: fleet.URI(fmt.Sprintf("s%d.example.org", n)), ID: fmt.Sprintf("01s%d", n), Platform: "shop-1", Host: "web1",
			Tags: []string{"a\nb", "big"}, Generation: 3, Lock: fleet.SiteLock{Fence: 1<<32 + 7}})
	}
	for n, state := range []fleet.PlanState{fleet.PlanProposed, fleet.PlanRunning, fleet.PlanDone} {
		b.put(&fleet.Plan{ID: fleet.PlanID(fmt.Sprintf("01p%d", n)), Distribution: "Shop", State: state, Revision: 2})
	}
	for n, state := range []fleet.TaskState{fleet.TaskQueued, fleet.TaskRunning, fleet.TaskDone} {
		b.put(&fleet.Task{ID: fleet.TaskID(fmt.Sprintf("01t%d", n)), Host: "web1", Kind: fleet.TaskMigrate, About: "s0.example.org", State: state, Fence: 4,
			Owner: "w", Steps: []fleet.StepRecord{{Name: "copy", State: fleet.StepStarted}}})
	}
	b.put(&fleet.Task{ID: "01look", Host: "web1", Kind: fleet.TaskInspect, State: fleet.TaskRunning, Fence: 2})
	b.put(&fleet.Request{Family: fleet.PlanFamily("01p0"), ID: "01r", Answer: "said"},
		fleet.Effect{Task: &fleet.Task{ID: "01new", Host: "web1", Kind: fleet.TaskCreate, State: fleet.TaskQueued}})
	for n := range 5 {
		if err := b.Record(b.t.Context(), fmt.Sprint(n), fleet.AuditEvent{What: "x", About: fmt.Sprint(n)}); err != nil {
			b.t.Fatal(err)
		}
	}
	if err := b.Append(b.t.Context(), "01t2", "web1", fleet.LogLine{Text: "line"}, fleet.LogLine{Text: "line 2"}); err != nil {
		b.t.Fatal(err)
	}
}

// testBackup backs everything up, restores it over other data and under another
// prefix, and wants what only stands to be as it was, and what acts to wait.
func testBackup(t *testing.T, b *bench) {
	b.stock()
	var file bytes.Buffer
	told, err := b.Backup(t.Context(), &file)
	if err != nil || told.Rows < 14 || told.Entries != 8 || len(told.Bad) != 0 {
		t.Fatalf("%+v, %v", told, err)
	}
	b.drop(&fleet.Site{URI: "s1.example.org"})
	b.put(&fleet.Distribution{Name: "later"})
	if _, err := b.Restore(t.Context(), bytes.NewReader(file.Bytes()), false); fleet.CodeOf(err) != fleet.Refused {
		t.Errorf("over what is there: %v", err)
	}
	if !b.read(&fleet.Distribution{Name: "later"}) {
		t.Error("a refused restore dropped something")
	}
	before := b.another()
	done, err := b.Restore(t.Context(), bytes.NewReader(file.Bytes()), true)
	if err != nil || done.Rows != told.Rows || done.Held != 2 || done.Paused != 1 || done.Void != 1 || done.Queued != 1 {
		t.Fatalf("%+v, %v", done, err)
	}
	b.wantRestored(done.Epoch)
	err = before.Update(t.Context(), fleet.HostFamily("web1"), func(tx fleet.Tx) error {
		task := &fleet.Task{ID: "01t1", Host: "web1"}
		_, err := tx.Get(task)
		tx.Put(task)
		return err
	})
	if fleet.CodeOf(err) != fleet.Stale {
		t.Errorf("a worker from before the restore: %v", err)
	}

	elsewhere := newBench(t, b.open)
	if _, err := elsewhere.Restore(t.Context(), bytes.NewReader(file.Bytes()), false); err != nil {
		t.Fatalf("into an empty prefix: %v", err)
	}
	elsewhere.wantRestored(elsewhere.Epoch())
	again, err := b.Restore(t.Context(), bytes.NewReader(file.Bytes()), true)
	if err != nil || again.Epoch <= done.Epoch {
		t.Errorf("restored again: epoch %d after %d, %v", again.Epoch, done.Epoch, err)
	}
}

// wantRestored checks what stock put, after a restore.
func (b *bench) wantRestored(epoch int64) {
	t := b.t
	t.Helper()
	site := &fleet.Site{URI: "s1.example.org"}
	if !b.read(site) || site.Generation != 3 || site.Lock.Fence != 1<<32+7 || site.Tags[0] != "a\nb" || b.read(&fleet.Distribution{Name: "later"}) {
		t.Errorf("site %+v", site)
	}
	if freeze := (&fleet.Freeze{Distribution: "Shop"}); !b.read(freeze) || freeze.Reason != "Holidays" || len(b.list(fleet.Frozen, fleet.Page{})) != 1 {
		t.Errorf("the freeze is %+v", freeze)
	}
	if got := b.list(fleet.SitesOf("shop-1"), fleet.Page{}); len(got) != 3 {
		t.Errorf("sites of the platform: %q", got)
	}
	for id, want := range map[fleet.PlanID]fleet.PlanState{"01p0": fleet.PlanSuperseded, "01p1": fleet.PlanPaused, "01p2": fleet.PlanDone} {
		p := &fleet.Plan{ID: id}
		if !b.read(p) || p.State != want || want != fleet.PlanDone && (p.Revision != 3 || !strings.Contains(p.Reason, "restored")) {
			t.Errorf("plan %s: %s, revision %d, %q", id, p.State, p.Revision, p.Reason)
		}
	}
	for id, want := range map[fleet.TaskID]fleet.TaskState{"01t0": fleet.TaskHeld, "01t1": fleet.TaskHeld, "01t2": fleet.TaskDone, "01look": fleet.TaskQueued} {
		task := &fleet.Task{ID: id, Host: "web1"}
		if !b.read(task) || task.State != want || task.Fence < epoch<<32 || want == fleet.TaskHeld && (task.Steps[0].State != fleet.StepUnknown || task.Owner != "") {
			t.Errorf("task %s: %+v", id, task)
		}
	}
	if due := b.list(fleet.TasksDue("web1"), fleet.Page{}); !slices.Equal(due, []string{"01look"}) {
		t.Errorf("due: %q", due)
	}
	waiting, err := b.Pending(t.Context(), fleet.PlanFamily("01p0"), 100)
	held := slices.ContainsFunc(waiting, func(p fleet.PendingEffect) bool {
		return p.Effect.Task != nil && p.Effect.Task.ID == "01new" && p.Effect.Task.State == fleet.TaskHeld
	})
	if err != nil || !held {
		t.Errorf("waiting effects %+v, %v", waiting, err)
	}
	if n, err := b.Verify(t.Context()); n < 6 || err != nil {
		t.Errorf("%d audit events, %v", n, err)
	}
	if lines, _, err := b.Lines(t.Context(), "01t2", "web1", "", 10); len(lines) != 2 || err != nil {
		t.Errorf("log %v, %v", lines, err)
	}
	answer := &fleet.Request{Family: fleet.PlanFamily("01p0"), ID: "01r"}
	if !b.read(answer) || answer.Answer != "said" {
		t.Errorf("answer %+v", answer)
	}
}

// testBackupDamaged changes a backup in many ways; each is refused before
// anything is touched.
func testBackupDamaged(t *testing.T, b *bench) {
	b.stock()
	var file bytes.Buffer
	if _, err := b.Backup(t.Context(), &file); err != nil {
		t.Fatal(err)
	}
	zip, err := gzip.NewReader(bytes.NewReader(file.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(zip)
	if err != nil {
		t.Fatal(err)
	}
	packed := func(b []byte) []byte {
		var out bytes.Buffer
		w := gzip.NewWriter(&out)
		w.Write(b)
		w.Close()
		return out.Bytes()
	}
	lines := bytes.SplitAfter(text, []byte("\n"))
	cases := map[string][]byte{
		"empty": nil, "not gzip": []byte("hello"), "cut off": file.Bytes()[:file.Len()/2],
		"without its end":   packed(bytes.Join(lines[:len(lines)-2], nil)),
		"without a line":    packed(bytes.Join(slices.Delete(slices.Clone(lines), 3, 4), nil)),
		"with a line twice": packed(bytes.Join(slices.Insert(slices.Clone(lines), 3, lines[3]), nil)),
	}
	for i := range 60 {
		at := i * len(text) / 60
		changed := slices.Clone(text)
		changed[at] ^= 1
		cases[fmt.Sprintf("byte %d", at)] = packed(changed)
	}
	for what, damaged := range cases {
		if _, err := b.Restore(t.Context(), bytes.NewReader(damaged), true); err == nil || fleet.CodeOf(err) == "" {
			t.Errorf("%s: %v", what, err)
		}
	}
	o := b.options()
	o.Prefix, o.Key = b.prefix+"x", []byte("another key than the test's")
	foreign, err := b.open(t, o)
	if err != nil {
		t.Fatal(err)
	}
	defer foreign.Close()
	if _, err := foreign.Restore(t.Context(), bytes.NewReader(file.Bytes()), false); fleet.CodeOf(err) != fleet.Tampered {
		t.Errorf("under another key: %v", err)
	}
	if !b.read(&fleet.Distribution{Name: "Shop"}) || len(b.list(fleet.TasksDue("web1"), fleet.Page{})) != 3 {
		t.Error("a refused restore changed something")
	}
}

// testKeys changes the key while two replicas run.
func testKeys(t *testing.T, b *bench) {
	b.stock()
	first, second := []byte("the key of the test"), []byte("the next key of the test")
	with := func(key []byte, old ...[]byte) (*store.Store, error) {
		o := b.options()
		o.Key, o.OldKeys = key, old
		return b.open(t, o)
	}
	if _, err := with(second); fleet.CodeOf(err) != fleet.Refused || !strings.Contains(err.Error(), "not the key") {
		t.Errorf("a changed key: %v", err)
	}
	former, err := with(first, second)
	if err != nil {
		t.Fatal(err)
	}
	defer former.Close()
	next, err := with(second, first)
	if err != nil {
		t.Fatal(err)
	}
	defer next.Close()
	if err := next.Record(t.Context(), "by the next", fleet.AuditEvent{What: "x"}); err != nil {
		t.Fatal(err)
	}
	if would, err := next.Resign(t.Context(), false); err != nil || would.Rows < 14 || len(would.Bad) != 0 {
		t.Errorf("would sign %+v, %v", would, err)
	}
	done, err := next.Resign(t.Context(), true)
	if err != nil || done.Rows < 14 || done.Effects != 1 {
		t.Fatalf("signed %+v, %v", done, err)
	}
	if _, err := former.Read(t.Context(), &fleet.Plan{ID: "01p1"}); err != nil {
		t.Errorf("a replica that knows both: %v", err)
	}
	alone, err := with(second)
	if err != nil {
		t.Fatalf("the next key alone: %v", err)
	}
	defer alone.Close()
	site, plan := &fleet.Site{URI: "s1.example.org"}, &fleet.Plan{ID: "01p1"}
	if found, err := alone.Read(t.Context(), site, plan); err != nil || !found[0] || !found[1] || site.Generation != 3 {
		t.Errorf("%v, %v", found, err)
	}
	if n, err := alone.Verify(t.Context()); n != 7 || err != nil {
		t.Errorf("%d audit events, %v", n, err)
	}
	if waiting, err := alone.Pending(t.Context(), fleet.PlanFamily("01p0"), 10); len(waiting) != 1 || err != nil {
		t.Errorf("waiting %v, %v", waiting, err)
	}
	if rest, err := alone.Resign(t.Context(), false); err != nil || rest.Rows != 0 || len(rest.Bad) != 0 {
		t.Errorf("left %+v, %v", rest, err)
	}
	events, err := b.Client().XRange(t.Context(), b.prefix+":{a}:audit", "-", "+").Result()
	if err != nil || len(events) != 7 {
		t.Fatal(len(events), err)
	}
	first2 := events[0].Values
	first2["e"] = `{"what":"y"}`
	b.Client().Del(t.Context(), b.prefix+":{a}:audit")
	for _, e := range events {
		if err := b.Client().Do(t.Context(), append([]any{"XADD", b.prefix + ":{a}:audit", e.ID}, listed(e.Values)...)...).Err(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := alone.Verify(t.Context()); fleet.CodeOf(err) != fleet.Tampered {
		t.Errorf("a changed event from before the change of the key: %v", err)
	}
}

func listed(m map[string]any) []any {
	var out []any
	for _, k := range slices.Sorted(maps.Keys(m)) {
		out = append(out, k, m[k])
	}
	return out
}

// testMigration brings data of schema 1, which signed less, to the present one.
func testMigration(t *testing.T, b *bench) {
	b.stock()
	c, site := b.Client(), b.key(&fleet.Site{URI: "s1.example.org"})
	c.HDel(t.Context(), site, "m")
	c.HDel(t.Context(), b.key(&fleet.Request{Family: fleet.PlanFamily("01p0"), ID: "01r"}), "mac")
	c.HSet(t.Context(), b.prefix+":{m}:meta", "schema", "1")
	if err := b.refused(); fleet.CodeOf(err) != fleet.Refused || !strings.Contains(err.Error(), "older distrobot") {
		t.Fatalf("data of schema 1: %v", err)
	}
	o := b.options()
	o.Maintain = true
	s, err := b.open(t, o)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, act := range []bool{false, true} {
		rows := -1
		if err := s.Migrate(t.Context(), act, func(m store.MigrationStep) { rows = m.Rows }); err != nil || rows != 2 {
			t.Fatalf("migrate %v: %d rows, %v", act, rows, err)
		}
		if n := c.HExists(t.Context(), site, "m").Val(); n != act {
			t.Errorf("migrate %v: signed %v", act, n)
		}
	}
	after := b.another()
	got := &fleet.Site{URI: "s1.example.org"}
	if found, err := after.Read(t.Context(), got); err != nil || !found[0] || got.Generation != 3 {
		t.Errorf("%+v, %v", got, err)
	}
	if over, err := b.Outlived(t.Context()); !over || err != nil {
		t.Errorf("a replica from before the migration goes on: %v", err)
	}
	err = after.Migrate(t.Context(), true, func(m store.MigrationStep) { t.Errorf("done again: %+v", m) })
	if err != nil {
		t.Error(err)
	}
}
