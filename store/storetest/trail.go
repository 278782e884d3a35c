package storetest

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/distrobot/distrobot/fleet"
)

// A mutation is one change to the record by somebody who can write to Redis and
// has no key. It works on a copy of the entries, at place i from 0; j is another
// place. It gives the number of the event that has to be named.
type mutation struct {
	name  string
	apply func(all []map[string]any, i, j int) (mutated []map[string]any, named int)
}

// mutations lists what can be done to one entry.
func mutations() []mutation {
	out := []mutation{
		{"left out", func(all []map[string]any, i, _ int) ([]map[string]any, int) { return slices.Delete(all, i, i+1), i + 1 }},
		{"cut off", func(all []map[string]any, i, _ int) ([]map[string]any, int) { return all[:i], i + 1 }},
		{"put in twice", func(all []map[string]any, i, _ int) ([]map[string]any, int) {
			return slices.Insert(all, i, all[i]), i + 2
		}},
		{"a copy of another put in", func(all []map[string]any, i, j int) ([]map[string]any, int) {
			return slices.Insert(all, i, all[j]), i + 1
		}},
		{"replaced by another", func(all []map[string]any, i, j int) ([]map[string]any, int) { all[i] = all[j]; return all, i + 1 }},
		{"swapped", func(all []map[string]any, i, j int) ([]map[string]any, int) {
			all[i], all[j] = all[j], all[i]
			return all, min(i, j) + 1
		}},
		{"its text taken from another", func(all []map[string]any, i, j int) ([]map[string]any, int) {
			all[i] = copyOf(all[i])
			all[i]["e"] = all[j]["e"]
			return all, i + 1
		}},
		{"made up at the end", func(all []map[string]any, i, _ int) ([]map[string]any, int) {
			more := copyOf(all[i])
			more["n"] = strconv.Itoa(len(all) + 1)
			return append(all, more), len(all) + 1
		}},
	}
	for _, field := range []string{"e", "i", "n", "mac"} {
		out = append(out, mutation{"a bit of " + field + " changed", func(all []map[string]any, i, _ int) ([]map[string]any, int) {
			all[i] = copyOf(all[i])
			text := []byte(all[i][field].(string))
			text[rand.IntN(len(text))] ^= 1 << rand.IntN(7)
			all[i][field] = string(text)
			return all, i + 1
		}}, mutation{field + " left out", func(all []map[string]any, i, _ int) ([]map[string]any, int) {
			all[i] = copyOf(all[i])
			delete(all[i], field)
			return all, i + 1
		}})
	}
	return out
}

func copyOf(m map[string]any) map[string]any {
	out := map[string]any{}
	for k, v := range m {
		out[k] = v
	}
	return out
}

// breakTrail makes every mutation at every place, and asserts that Verify names
// that place.
func breakTrail(t *testing.T, b *bench) {
	key := b.prefix + ":{a}:audit"
	entries, err := b.Client().XRange(t.Context(), key, "-", "+").Result()
	if err != nil {
		t.Fatal(err)
	}
	whole := make([]map[string]any, len(entries))
	for i, m := range entries {
		whole[i] = m.Values
	}
	for _, m := range mutations() {
		for i := range whole {
			j := (i + 1 + rand.IntN(len(whole)-1)) % len(whole)
			changed, named := m.apply(slices.Clone(whole), i, j)
			b.rewrite(key, changed)
			_, err := b.Verify(t.Context())
			if fleet.CodeOf(err) != fleet.Tampered || !strings.Contains(err.Error(), fmt.Sprintf("audit event %d ", named)) {
				t.Errorf("event %d %s (the other is %d): want event %d named, got %v", i+1, m.name, j+1, named, err)
			}
		}
	}
	b.rewrite(key, whole)
	if n, err := b.Verify(t.Context()); n != len(whole) || err != nil {
		t.Errorf("as it was: %d, %v", n, err)
	}
}

// rewrite gives a stream other entries.
func (b *bench) rewrite(key string, all []map[string]any) {
	b.t.Helper()
	_, err := b.Client().TxPipelined(b.t.Context(), func(p redis.Pipeliner) error {
		p.Del(b.t.Context(), key)
		for i, values := range all {
			p.XAdd(b.t.Context(), &redis.XAddArgs{Stream: key, ID: fmt.Sprintf("%d-%d", 1000+i/3, i%3+1), Values: values})
		}
		return nil
	})
	if err != nil {
		b.t.Fatal(err)
	}
}

// archiveTrail archives the older half: the file and what is left are whole, a
// change of either is named, anchors hold, and the pages go on as before.
func archiveTrail(t *testing.T, b *bench) {
	ctx := t.Context()
	anchor, err := b.Anchor(ctx)
	if err != nil {
		t.Fatal(err)
	}
	at := time.Now()
	for i := range 4 {
		e := fleet.AuditEvent{What: "later", About: strconv.Itoa(i), At: at.Add(time.Hour)}
		if err := b.Record(ctx, "later"+strconv.Itoa(i), e); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := b.Anchored(ctx, anchor); n != 17 || err != nil {
		t.Fatalf("anchored: %d, %v", n, err)
	}
	var file bytes.Buffer
	cut, err := b.ArchiveTrail(ctx, at, &file)
	if err != nil || cut.First != 1 || cut.Number != 13 {
		t.Fatalf("archived %+v, %v", cut, err)
	}
	if err := b.DropTrail(ctx, cut, fleet.System("test"), "x.jsonl"); err != nil {
		t.Fatal(err)
	}
	if n, err := b.Verify(ctx); n != 18 || err != nil {
		t.Fatalf("after archiving: %d, %v", n, err)
	}
	if _, err := b.Anchored(ctx, anchor); err != nil {
		t.Errorf("the anchor at the cut: %v", err)
	}
	if _, err := b.Anchored(ctx, "13:"+strings.Repeat("A", 43)); fleet.CodeOf(err) != fleet.Tampered {
		t.Errorf("a false anchor: %v", err)
	}
	events, next, err := b.Events(ctx, "16", 10)
	if err != nil || len(events) != 2 || events[0].Number != 15 || events[1].Number != 14 {
		t.Errorf("events before 16: %+v, %v", events, err)
	}
	if rest, _, err := b.Events(ctx, next, 10); err != nil || len(rest) != 0 {
		t.Errorf("events before the first: %+v, %v", rest, err)
	}
	verifyFile(t, b, file.Bytes())
	left, err := b.Client().XRange(ctx, b.prefix+":{a}:audit", "-", "+").Result()
	if err != nil || len(left) != 5 {
		t.Fatalf("%d entries left, %v", len(left), err)
	}
	b.Client().XDel(ctx, b.prefix+":{a}:audit", left[0].ID)
	if _, err := b.Verify(ctx); err == nil || !strings.Contains(err.Error(), "audit event 14 (missing)") {
		t.Errorf("the first event after the cut is gone: %v", err)
	}
}

func verifyFile(t *testing.T, b *bench, file []byte) {
	first, last, err := b.VerifyFile(bytes.NewReader(file))
	if err != nil || first.Number != 1 || last.Number != 13 {
		t.Errorf("the file: %d to %d, %v", first.Number, last.Number, err)
	}
	lines := bytes.SplitAfter(file, []byte("\n"))
	for i := range 13 {
		var changed [][]byte
		for k, l := range lines {
			if k == i {
				l = bytes.Replace(l, []byte(`"what":"plan.confirmed"`), []byte(`"what":"plan.cancelled"`), 1)
			}
			changed = append(changed, l)
		}
		if _, _, err := b.VerifyFile(bytes.NewReader(bytes.Join(changed, nil))); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("audit event %d ", i+1)) {
			t.Errorf("line %d changed: %v", i+1, err)
		}
		if i > 0 && i < 12 {
			if _, _, err := b.VerifyFile(bytes.NewReader(bytes.Join(slices.Delete(slices.Clone(lines), i, i+1), nil))); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("audit event %d (missing)", i+1)) {
				t.Errorf("line %d left out: %v", i+1, err)
			}
		}
	}
}
