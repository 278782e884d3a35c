package storetest

import (
	"fmt"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/store"
)

// An Opener opens a store on the Redis under test. Stores opened with the same
// prefix share their data.
type Opener func(t *testing.T, o store.Options) (*store.Store, error)

// Run runs the whole suite.
func Run(t *testing.T, open Opener) {
	for _, part := range []struct {
		name string
		test func(t *testing.T, b *bench)
	}{
		{"Rows", testRows},
		{"Guards", testGuards},
		{"Races", testRaces},
		{"Until", testUntil},
		{"Expiring", testExpiring},
		{"Misuse", testMisuse},
		{"IndexMoves", testIndexMoves},
		{"Paging", testPaging},
		{"Outbox", testOutbox},
		{"Tampered", testTampered},
		{"Trail", testTrail},
		{"Logs", testLogs},
		{"Schema", testSchema},
		{"Epoch", testEpoch},
		{"Backup", testBackup},
		{"BackupDamaged", testBackupDamaged},
		{"Keys", testKeys},
		{"Migration", testMigration},
		{"TamperedDump", testTamperedDump},
	} {
		t.Run(part.name, func(t *testing.T) { part.test(t, newBench(t, open)) })
	}
}

// bench is one test's store, under a prefix of its own.
type bench struct {
	*store.Store
	t      *testing.T
	open   Opener
	prefix string
	told   atomic.Int64 // calls of OnEffects
}

var prefixes atomic.Int64

func newBench(t *testing.T, open Opener) *bench {
	b := &bench{t: t, open: open, prefix: fmt.Sprintf("t%d", prefixes.Add(1))}
	b.Store = b.another()
	return b
}

// options are those of all stores of the test.
func (b *bench) options() store.Options {
	return store.Options{Prefix: b.prefix, Key: []byte("the key of the test"), Log: slog.New(slog.DiscardHandler),
		OnEffects: func(fleet.Family) { b.told.Add(1) }}
}

// another opens the same data once more, as another replica does.
func (b *bench) another() *store.Store {
	b.t.Helper()
	s, err := b.open(b.t, b.options())
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { s.Close() })
	return s
}

// refused tries to open the data and gives the error.
func (b *bench) refused() error {
	s, err := b.open(b.t, b.options())
	if err == nil {
		s.Close()
	}
	return err
}

// put writes a record, whatever was there.
func (b *bench) put(r fleet.Record, effects ...fleet.Effect) {
	b.t.Helper()
	err := b.Update(b.t.Context(), r.Key().Family, func(tx fleet.Tx) error {
		if _, err := tx.Get(shadow(r)); err != nil {
			return err
		}
		tx.Put(r)
		tx.Emit(effects...)
		return nil
	})
	if err != nil {
		b.t.Fatal(err)
	}
}

// drop deletes a record.
func (b *bench) drop(r fleet.Record) {
	b.t.Helper()
	err := b.Update(b.t.Context(), r.Key().Family, func(tx fleet.Tx) error {
		_, err := tx.Get(r)
		tx.Delete(r)
		return err
	})
	if err != nil {
		b.t.Fatal(err)
	}
}

// read fills a record and reports whether it exists.
func (b *bench) read(r fleet.Record) bool {
	b.t.Helper()
	found, err := b.Read(b.t.Context(), r)
	if err != nil {
		b.t.Fatal(err)
	}
	return found[0]
}

func (b *bench) list(ix fleet.Index, p fleet.Page) []string {
	b.t.Helper()
	out, err := b.List(b.t.Context(), ix, p)
	if err != nil {
		b.t.Fatal(err)
	}
	return out
}

// key is the Redis key of a record, for tests that go behind the store's back.
func (b *bench) key(r fleet.Record) string {
	k := r.Key()
	return b.prefix + ":{" + string(k.Family) + "}:" + k.Noun + ":" + k.ID
}

// eventually waits until a condition holds.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s: waited in vain", what)
		}
	}
}

// shadow gives an empty record with the key of r, so that Get does not
// overwrite what is to be put.
func shadow(r fleet.Record) fleet.Record {
	switch v := r.(type) {
	case *fleet.Site:
		return &fleet.Site{URI: v.URI}
	case *fleet.Plan:
		return &fleet.Plan{ID: v.ID}
	case *fleet.Distribution:
		return &fleet.Distribution{Name: v.Name}
	case *fleet.Platform:
		return &fleet.Platform{Name: v.Name}
	case *fleet.Task:
		return &fleet.Task{ID: v.ID, Host: v.Host}
	case *fleet.Cursor:
		return &fleet.Cursor{Distribution: v.Distribution}
	case *fleet.Freeze:
		return &fleet.Freeze{Distribution: v.Distribution}
	case *fleet.Digest:
		return &fleet.Digest{Name: v.Name}
	case *fleet.Host:
		return &fleet.Host{Name: v.Name}
	case *fleet.SiteFacts:
		return &fleet.SiteFacts{URI: v.URI}
	case *fleet.Request:
		return &fleet.Request{Family: v.Family, ID: v.ID}
	case *brief:
		return &brief{Name: v.Name, life: v.life}
	}
	panic(fmt.Sprintf("storetest: no shadow for %T", r))
}

// brief is a record that lives as long as the test says and stands in one index.
type brief struct {
	Name string `json:"name"`
	N    int    `json:"n"`
	Keep bool   `json:"keep"` // lives for ever
	life time.Duration
}

// Key implements fleet.Record.
func (b *brief) Key() fleet.Key { return fleet.Key{Family: fleet.Slack, Noun: "brief", ID: b.Name} }

// Entries implements fleet.Record.
func (b *brief) Entries() []fleet.Entry {
	return []fleet.Entry{{Index: briefs, Member: b.Name, Score: int64(b.N)}}
}

// Life implements fleet.Expiring.
func (b *brief) Life() time.Duration {
	if b.Keep {
		return 0
	}
	return b.life
}

var briefs = fleet.Index{Family: fleet.Slack, Name: "briefs"}
