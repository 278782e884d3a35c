package store

import (
	"cmp"
	"context"
	_ "embed"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

//go:embed commit.lua
var commitSource string

// A batch collects the arguments of commit.lua.
type batch struct {
	keys   []string       // KEYS, the op key and the epoch's first
	at     map[string]int // position of each key
	until  string         // ARGV[2]
	guards []any
	writes []any
}

func newBatch(opKey, epochKey string) *batch {
	return &batch{keys: []string{opKey, epochKey}, at: map[string]int{}, until: "0"}
}

// pos gives the position of a key among KEYS.
func (b *batch) pos(key string) int {
	if _, ok := b.at[key]; !ok {
		b.keys = append(b.keys, key)
		b.at[key] = len(b.keys)
	}
	return b.at[key]
}

// guard demands that the row at key has a revision; 0 that there is none.
func (b *batch) guard(key string, rev int64) {
	b.guards = append(b.guards, b.pos(key), strconv.FormatInt(rev, 10))
}

// row writes a row as a whole.
func (b *batch) row(key string, life int64, fields []string) {
	b.writes = append(b.writes, "R", b.pos(key), life, len(fields))
	for _, f := range fields {
		b.writes = append(b.writes, f)
	}
}

func (b *batch) drop(key string) { b.writes = append(b.writes, "D", b.pos(key)) }

// enter puts a member into an index or changes its score.
func (b *batch) enter(key string, life int64, e fleet.Entry) {
	if plain(e.Index) {
		b.writes = append(b.writes, "A", b.pos(key), life, e.Member)
	} else {
		b.writes = append(b.writes, "S", b.pos(key), life, e.Score, e.Member)
	}
}

// leave takes a member out of an index.
func (b *batch) leave(key string, ix fleet.Index, member string) {
	op := "Z"
	if plain(ix) {
		op = "X"
	}
	b.writes = append(b.writes, op, b.pos(key), member)
}

// add appends an entry to a stream.
func (b *batch) add(key string, fields ...string) {
	b.writes = append(b.writes, "E", b.pos(key), len(fields))
	for _, f := range fields {
		b.writes = append(b.writes, f)
	}
}

// verdict is what commit.lua answered.
type verdict int

const (
	fenced    verdict = -2 // by a later epoch
	tooLate   verdict = -1
	lost      verdict = 0 // a guard does not hold
	committed verdict = 1
	already   verdict = 2 // by the same batch, whose reply was lost
)

// run sends a batch. It may be sent several times; it is executed once. The
// time is the server's when it was executed.
func (s *Store) run(ctx context.Context, b *batch) (verdict, time.Time, error) {
	v, stamp, err := verdictOf(s.script.Run(ctx, s.client, b.keys, s.args(b)...).Slice())
	if err != nil {
		return lost, time.Time{}, err
	}
	us, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil {
		return lost, time.Time{}, fmt.Errorf("store: commit answered the time %q", stamp)
	}
	return v, time.UnixMicro(us).UTC(), nil
}

// args are the arguments of commit.lua.
func (s *Store) args(b *batch) []any {
	return slices.Concat([]any{s.remember.Milliseconds(), b.until, s.epoch.Load(), len(b.guards) / 2}, b.guards, b.writes)
}

// batch gives what a transaction wants written, with guards for all it read;
// nil if it wants nothing.
func (t *tx) batch() *batch {
	k := t.store.keys
	b := newBatch(k.op(t.family, newOp()), k.epoch(t.family))
	if !t.until.IsZero() {
		b.until = strconv.FormatInt(t.until.UnixMicro(), 10)
	}
	for _, key := range t.order {
		b.guard(k.row(key), t.rows[key].rev)
	}
	enter := t.moves(b)
	for _, key := range t.order {
		switch x := t.rows[key]; {
		case x.act == putRow:
			b.row(k.row(key), x.life, x.put)
		case x.act == dropRow && x.rev > 0:
			b.drop(k.row(key))
			if key.Noun == "task" { // its log goes with it
				b.drop(k.in(key.Family) + "task:" + key.ID + ":log")
			}
		}
	}
	enter()
	for _, e := range t.effects {
		b.add(k.outbox(t.family), fieldEffect, e, fieldMAC, t.store.effects.sign(string(t.family), e))
	}
	for _, e := range t.streams {
		b.add(e.key, e.fields...)
	}
	if len(b.writes) == 0 {
		return nil
	}
	return b
}

// place is a member of an index.
type place struct {
	ix     fleet.Index
	member string
}

func placesOf(es []fleet.Entry) map[place]fleet.Entry {
	out := make(map[place]fleet.Entry, len(es))
	for _, e := range es {
		out[place{e.Index, e.Member}] = e
	}
	return out
}

// moves writes the index entries that go and returns a function that writes
// those that come: entries that stay as they are cost nothing. All that go do
// so before any come, because one row may take over another's place.
func (t *tx) moves(b *batch) (enter func()) {
	var coming []func()
	for _, key := range t.order {
		x := t.rows[key]
		if x.act == readOnly {
			continue
		}
		had, has := placesOf(x.had), placesOf(x.entries)
		for _, p := range sortedPlaces(had) {
			if _, stays := has[p]; !stays {
				b.leave(t.store.keys.index(p.ix), p.ix, p.member)
			}
		}
		for _, p := range sortedPlaces(has) {
			if old, stood := had[p]; !stood || old.Score != has[p].Score || x.life > 0 {
				coming = append(coming, func() { b.enter(t.store.keys.index(p.ix), x.life, has[p]) })
			}
		}
	}
	return func() {
		for _, f := range coming {
			f()
		}
	}
}

// sortedPlaces makes the order of writes the same each time.
func sortedPlaces(m map[place]fleet.Entry) []place {
	return slices.SortedFunc(maps.Keys(m), func(a, b place) int {
		return cmp.Or(cmp.Compare(a.ix.Name, b.ix.Name), cmp.Compare(a.member, b.member))
	})
}
