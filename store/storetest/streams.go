package storetest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/store"
)

// testOutbox asserts the order of effects, that they are kept until they are
// acknowledged, and that forged ones are never given out.
func testOutbox(t *testing.T, b *bench) {
	fam := fleet.PlanFamily("01a")
	for i := range 5 {
		b.put(&fleet.Plan{ID: "01a", Revision: i},
			fleet.Effect{Advance: fleet.PlanID(fmt.Sprint(i))}, fleet.Effect{Review: fleet.DistName(fmt.Sprint(i))})
	}
	if b.told.Load() != 5 {
		t.Errorf("OnEffects was called %d times", b.told.Load())
	}
	read := func(n int) (ids []string, text string) {
		t.Helper()
		got, err := b.Pending(t.Context(), fam, n)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range got {
			ids, text = append(ids, p.ID), text+string(p.Effect.Advance)+string(p.Effect.Review)+" "
		}
		return ids, text
	}
	waiting := func() (n int) {
		got, err := b.Waiting(t.Context(), fleet.Meta, fam, fleet.HostFamily("idle"))
		if n = len(got); err != nil || n > 1 || n == 1 && got[0] != fam {
			t.Errorf("effects wait in %v, %v", got, err)
		}
		return n
	}
	if waiting() != 1 {
		t.Error("no effects wait")
	}
	ids, text := read(100)
	if text != "0 0 1 1 2 2 3 3 4 4 " {
		t.Fatalf("effects %q", text)
	}
	if len(slices.Compact(slices.Sorted(slices.Values(ids)))) != 10 {
		t.Errorf("ids %v", ids)
	}
	if err := b.Ack(t.Context(), fam, ids[0], ids[2]); err != nil {
		t.Fatal(err)
	}
	if _, text = read(3); text != "0 1 2 " {
		t.Errorf("after two were acknowledged: %q", text)
	}
	forged := func(values ...string) {
		if err := b.Client().XAdd(t.Context(), &redis.XAddArgs{Stream: b.prefix + ":{" + string(fam) + "}:outbox", Values: values}).Err(); err != nil {
			t.Fatal(err)
		}
	}
	forged("e", `{"advance":"9"}`)
	forged("e", `{"advance":"9"}`, "mac", "AAAA")
	forged("other", "x")
	if _, text = read(100); text != "0 1 2 2 3 3 4 4 " {
		t.Errorf("with forged ones: %q", text)
	}
	if ids, _ = read(100); b.Ack(t.Context(), fam, ids...) != nil {
		t.Error("cannot acknowledge the rest")
	}
	if ids, _ = read(100); len(ids) != 0 || waiting() != 0 {
		t.Errorf("left: %v", ids)
	}
}

// testTampered changes each byte of what authorises; every change is noticed.
func testTampered(t *testing.T, b *bench) {
	plan := &fleet.Plan{ID: "01t", State: fleet.PlanProposed, To: "p2"}
	other := &fleet.Plan{ID: "01u", State: fleet.PlanApproved}
	b.put(plan)
	b.put(other)
	key := b.key(plan)
	whole, err := b.Client().HGetAll(t.Context(), key).Result()
	if err != nil || len(whole) != 3 {
		t.Fatalf("row %v, %v", whole, err)
	}
	write := func(row map[string]string) {
		t.Helper()
		b.Client().Del(t.Context(), key)
		if err := b.Client().HSet(t.Context(), key, row).Err(); err != nil {
			t.Fatal(err)
		}
	}
	refused := func(what string) {
		t.Helper()
		if _, err := b.Read(t.Context(), &fleet.Plan{ID: "01t"}); fleet.CodeOf(err) != fleet.Tampered {
			t.Errorf("%s: %v", what, err)
		}
	}
	for field, value := range whole {
		for i := range len(value) {
			row := map[string]string{"rev": whole["rev"], "doc": whole["doc"], "mac": whole["mac"]}
			row[field] = value[:i] + string(value[i]^1) + value[i+1:]
			write(row)
			refused(fmt.Sprintf("%s, byte %d", field, i))
		}
		row := map[string]string{"rev": whole["rev"], "doc": whole["doc"], "mac": whole["mac"]}
		delete(row, field)
		write(row)
		refused("without " + field)
	}
	foreign, _ := b.Client().HGetAll(t.Context(), b.key(other)).Result()
	write(foreign)
	refused("another plan's row")
	// No rule may act on it either.
	err = b.Update(t.Context(), plan.Key().Family, func(tx fleet.Tx) error {
		_, err := tx.Get(&fleet.Plan{ID: "01t"})
		return err
	})
	if fleet.CodeOf(err) != fleet.Tampered {
		t.Errorf("in a rule: %v", err)
	}
	write(whole)
	if !b.read(&fleet.Plan{ID: "01t"}) {
		t.Error("the row as it was is refused")
	}
}

// testTrail records events once each, and finds any change to the record.
func testTrail(t *testing.T, b *bench) {
	for i := range 12 {
		for range 2 { // effects are carried at least once
			if err := b.Record(t.Context(), "id"+strconv.Itoa(i), fleet.AuditEvent{What: "plan.confirmed", About: strconv.Itoa(i)}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if n, err := b.Verify(t.Context()); n != 12 || err != nil {
		t.Fatalf("verified %d, %v", n, err)
	}
	var about []string
	for before := ""; ; {
		events, next, err := b.Events(t.Context(), before, 5)
		if err != nil {
			t.Fatal(err)
		}
		if before = next; len(events) == 0 {
			break
		}
		for _, e := range events {
			about = append(about, e.About)
		}
	}
	if got := strings.Join(about, " "); got != "11 10 9 8 7 6 5 4 3 2 1 0" {
		t.Errorf("events %s", got)
	}
	noSecrets(t, b)
	breakTrail(t, b)
	archiveTrail(t, b)
}

// noSecrets asserts that neither the record nor a task's log keeps a token.
func noSecrets(t *testing.T, b *bench) {
	token := "gl" + "pat-" + strings.Repeat("aB3", 8)
	e := fleet.AuditEvent{What: "plan.confirmed", About: "11", Detail: map[string]string{"asked": "add x --url https://u:" + token + "@h/x", "why": token}}
	if err := b.Record(t.Context(), "secret", e); err != nil {
		t.Fatal(err)
	}
	if err := b.Append(t.Context(), "01s", "h", fleet.LogLine{Text: "PRIVATE-TOKEN: " + token}); err != nil {
		t.Fatal(err)
	}
	events, _, err := b.Events(t.Context(), "", 1)
	lines, _, err2 := b.Lines(t.Context(), "01s", "h", "", 1)
	if got := fmt.Sprint(events, lines, err, err2); strings.Contains(got, token) || !strings.Contains(got, "https://u:[redacted]@h/x") {
		t.Errorf("kept: %s", got)
	}
}

// testLogs asserts order, cursors and the bound of a task's log.
func testLogs(t *testing.T, b *bench) {
	at := time.UnixMilli(1795336380851).UTC()
	var all []fleet.LogLine
	for i := range 5200 {
		all = append(all, fleet.LogLine{At: at, Step: "copy", Text: fmt.Sprint("line ", i)})
	}
	all[5199].Text = strings.Repeat("x", 100_000)
	for part := range slices.Chunk(all, 1000) {
		if err := b.Append(t.Context(), "01t", "h", part...); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.Append(t.Context(), "01other", "h", all[0]); err != nil {
		t.Fatal(err)
	}
	var got []fleet.LogLine
	for after := ""; ; {
		lines, next, err := b.Lines(t.Context(), "01t", "h", after, 700)
		if err != nil {
			t.Fatal(err)
		}
		if len(lines) == 0 {
			if next != after {
				t.Errorf("the cursor moved from %q to %q without a line", after, next)
			}
			break
		}
		got, after = append(got, lines...), next
	}
	if len(got) != 5000 || got[0] != all[200] || got[4998] != all[5198] || len(got[4999].Text) > 5000 {
		t.Errorf("%d lines from %+v to %.60q", len(got), got[0], got[len(got)-1].Text)
	}
}

// testSchema asserts that data of a newer program is refused in words.
func testSchema(t *testing.T, b *bench) {
	meta := b.prefix + ":{m}:meta"
	for _, tt := range []struct{ schema, text string }{
		{"3", "newer distrobot"}, {"1", "older distrobot"}, {"0", "no distrobot has written"}, {"x", "no distrobot has written"},
	} {
		if err := b.Client().HSet(t.Context(), meta, "schema", tt.schema).Err(); err != nil {
			t.Fatal(err)
		}
		if err := b.refused(); fleet.CodeOf(err) != fleet.Refused || !strings.Contains(err.Error(), tt.text) {
			t.Errorf("schema %s: %v", tt.schema, err)
		}
	}
	b.Client().HSet(t.Context(), meta, "schema", "2")
	b.another()
}

// testEpoch asserts that each epoch is above all before, and that whoever
// opened the data before it can commit nothing, and is told so once.
func testEpoch(t *testing.T, b *bench) {
	var told atomic.Int64
	o := b.options()
	o.OnOutlived = func() { told.Add(1) }
	older, err := b.open(t, o)
	if err != nil {
		t.Fatal(err)
	}
	defer older.Close()
	if over, err := older.Outlived(t.Context()); over || err != nil {
		t.Errorf("outlived %v, %v", over, err)
	}
	last := int64(1)
	for range 3 {
		n, err := b.RaiseEpoch(t.Context())
		e := &fleet.Epoch{}
		if err != nil || n <= last || !b.read(e) || e.N != n || n >= 1<<31 || b.Epoch() != n {
			t.Errorf("epoch %d after %d, row %d, %v", n, last, e.N, err)
		}
		last = n
	}
	put := func(s *store.Store, fam fleet.Family) error {
		return s.Update(t.Context(), fam, func(tx fleet.Tx) error {
			r := &fleet.Request{Family: fam, ID: "01r"}
			_, err := tx.Get(r)
			r.Answer += "."
			tx.Put(r)
			return err
		})
	}
	fresh := fleet.HostFamily("new") // no index leads to it
	for _, fam := range []fleet.Family{fleet.Catalogue, fleet.PlanFamily("01p"), fleet.HostFamily(fleet.LocalHost), fresh} {
		if err := put(b.Store, fam); err != nil {
			t.Errorf("%s: the store that raised it: %v", fam, err)
		}
		if err := put(older, fam); fleet.CodeOf(err) != fleet.Stale {
			t.Errorf("%s: an older store: %v", fam, err)
		}
		if err := put(b.another(), fam); err != nil {
			t.Errorf("%s: a store opened since: %v", fam, err)
		}
	}
	if over, err := older.Outlived(t.Context()); !over || err != nil || told.Load() != 1 {
		t.Errorf("outlived %v, told %d times, %v", over, told.Load(), err)
	}
}
