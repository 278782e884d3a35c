package storetest

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"

	"github.com/distrobot/distrobot/fleet"
)

// sampled is how many bytes of each row are changed when not all of them are.
const sampled = 12

// testTamperedDump dumps a realistic state from the Redis under test and changes
// it, row by row: single bytes of every field (each of them with
// DISTROBOT_TEST_THOROUGH), missing fields, and rows put in each other's places.
// Each must be refused by whoever reads it, be named, and hide no other row.
func testTamperedDump(t *testing.T, b *bench) {
	var named []fleet.Key
	o := b.options()
	o.OnTampered = func(k fleet.Key) { named = append(named, k) }
	s, err := b.open(t, o)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	b.stock()
	b.put(&fleet.Cursor{Distribution: "Shop", Fails: 2})
	b.put(&fleet.Digest{Name: "mondays", Channel: "C1"})
	b.put(&fleet.Host{Name: "web1", Version: "1"})
	b.put(&fleet.SiteFacts{URI: "s0.example.org"})
	recs := map[string]fleet.Record{}
	for _, r := range []fleet.Record{&fleet.Distribution{Name: "Shop"}, &fleet.Platform{Name: "shop-1"}, &fleet.Site{URI: "s0.example.org"},
		&fleet.Plan{ID: "01p0"}, &fleet.Plan{ID: "01p1"}, &fleet.Task{ID: "01t0", Host: "web1"}, &fleet.Task{ID: "01t1", Host: "web1"},
		&fleet.Cursor{Distribution: "Shop"}, &fleet.Digest{Name: "mondays"}, &fleet.Host{Name: "web1"}, &fleet.Epoch{}, &fleet.SiteFacts{URI: "s0.example.org"}} {
		recs[b.key(r)] = r
	}
	head := b.prefix + ":{a}:chain:head"
	keys := append(slices.Sorted(maps.Keys(recs)), head)
	read := func(key string) error {
		if key == head {
			_, err := s.Verify(t.Context())
			return err
		}
		_, err := s.Read(t.Context(), recs[key])
		return err
	}
	trials := 0
	rows := map[string]map[string]string{}
	for _, key := range keys {
		rows[key] = b.dump(key)
	}
	refused := func(key, how string, row map[string]string) {
		t.Helper()
		trials++
		named = nil
		b.load(key, row)
		if err := read(key); fleet.CodeOf(err) != fleet.Tampered || len(named) == 0 {
			t.Errorf("%s, %s: named %v, %v", key, how, named, err)
		}
	}
	for _, key := range keys {
		whole := rows[key]
		for _, field := range slices.Sorted(maps.Keys(whole)) {
			for _, at := range positions(len(whole[field])) {
				row, changed := maps.Clone(whole), []byte(whole[field])
				changed[at] ^= 1 << rand.IntN(8)
				row[field] = string(changed)
				refused(key, fmt.Sprintf("%s, byte %d", field, at), row)
			}
			row := maps.Clone(whole)
			delete(row, field)
			refused(key, "without "+field, row)
		}
		for other, row := range rows {
			if other != key {
				refused(key, "with the row of "+other, row)
			}
		}
		b.load(key, whole)
		if err := read(key); err != nil {
			t.Errorf("%s as it was: %v", key, err)
		}
	}
	t.Attr("trials", strconv.Itoa(trials))
}

// positions are the bytes of a field that are changed.
func positions(n int) []int {
	all := rand.Perm(n)
	if os.Getenv("DISTROBOT_TEST_THOROUGH") == "" {
		all = all[:min(n, sampled)]
	}
	return all
}

func (b *bench) dump(key string) map[string]string {
	b.t.Helper()
	row, err := b.Client().HGetAll(b.t.Context(), key).Result()
	if err != nil || len(row) == 0 {
		b.t.Fatalf("%s: %v, %v", key, row, err)
	}
	return row
}

func (b *bench) load(key string, row map[string]string) {
	b.t.Helper()
	b.Client().Del(b.t.Context(), key)
	if len(row) == 0 {
		return
	}
	if err := b.Client().HSet(b.t.Context(), key, row).Err(); err != nil {
		b.t.Fatal(err)
	}
}
