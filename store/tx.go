package store

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

// tx is one attempt of an Update: what was read, and what shall be written.
type tx struct {
	ctx     context.Context
	store   *Store
	family  fleet.Family
	now     time.Time
	until   time.Time      // zero: no bound
	last    *fleet.Lasting // nil: acknowledged as soon as it is committed
	rows    map[fleet.Key]*row
	order   []fleet.Key // of the rows, as they were got
	effects []string    // as JSON
	streams []entry     // appended besides the outbox
	fault   error       // of the store or of a rule that broke Tx's contract
}

// row is a row that was got, with what becomes of it.
type row struct {
	rev     int64             // as read; 0: there is none
	had     []fleet.Entry     // the index entries it had
	fields  map[string]string // as read, or as put
	act     action
	put     []string // fields and values
	entries []fleet.Entry
	life    int64
}

// entry is an entry of a stream: its key, and fields and values.
type entry struct {
	key    string
	fields []string
}

type action int

const (
	readOnly action = iota
	putRow
	dropRow
)

// Now implements fleet.Tx.
func (t *tx) Now() time.Time { return t.now }

// Get implements fleet.Tx. A second Get of a row sees what was put.
func (t *tx) Get(r fleet.Record) (bool, error) {
	key := r.Key()
	if key.Family != t.family {
		return false, t.fail(fmt.Errorf("store: %v is not of family %q", key, t.family))
	}
	x, ok := t.rows[key]
	if !ok {
		got, err := t.store.fetch(t.ctx, []fleet.Record{r})
		if err != nil {
			return false, t.fail(err)
		}
		x = &row{fields: got[0]}
		rev, err := t.store.decode(r, key, x.fields)
		if err != nil {
			return false, t.fail(err)
		}
		if x.rev = rev; rev > 0 {
			x.had = r.Entries()
		}
		t.rows[key], t.order = x, append(t.order, key)
		return rev > 0, nil
	}
	rev, err := t.store.decode(r, key, x.fields)
	if err != nil {
		return false, t.fail(err)
	}
	return rev > 0, nil
}

// List implements fleet.Tx.
func (t *tx) List(ix fleet.Index, page fleet.Page) ([]string, error) {
	if ix.Family != t.family {
		return nil, t.fail(fmt.Errorf("store: index %v is not of family %q", ix, t.family))
	}
	out, err := t.store.List(t.ctx, ix, page)
	return out, t.fail(err)
}

// Put implements fleet.Tx.
func (t *tx) Put(r fleet.Record) {
	x := t.got(r)
	if x == nil {
		return
	}
	if v, ok := r.(fleet.Versioned); ok {
		if err := fleet.CheckProtocol(v, r.Key().Noun+" "+r.Key().ID); err != nil {
			t.fail(err)
			return
		}
	}
	rev := x.rev + 1
	if x.rev == 0 {
		rev = 1 + rand.Int64N(1<<30) // see codec.go
	}
	put, err := t.store.encode(r, rev)
	if err != nil {
		t.fail(err)
		return
	}
	x.act, x.put, x.entries, x.life = putRow, put, r.Entries(), lifeOf(r)
	x.fields = pairs(put)
	for _, e := range x.entries {
		if e.Index.Family != t.family || plain(e.Index) && e.Score != 0 {
			t.fail(fmt.Errorf("store: %v cannot stand in index %v with score %d", r.Key(), e.Index, e.Score))
		}
	}
}

// Delete implements fleet.Tx.
func (t *tx) Delete(r fleet.Record) {
	if x := t.got(r); x != nil {
		x.act, x.put, x.entries, x.fields = dropRow, nil, nil, nil
	}
}

// got gives the row of r, which must have been got.
func (t *tx) got(r fleet.Record) *row {
	x := t.rows[r.Key()]
	if x == nil {
		t.fail(fmt.Errorf("store: %v was put without having been got", r.Key()))
	}
	return x
}

// Emit implements fleet.Tx.
func (t *tx) Emit(es ...fleet.Effect) {
	for _, e := range fleet.Traced(t.ctx, es) {
		b, err := json.Marshal(e)
		if err != nil {
			t.fail(fmt.Errorf("store: encode effect: %w", err))
			return
		}
		t.effects = append(t.effects, string(b))
	}
}

// append adds an entry to another stream of the family, in the same commit.
func (t *tx) append(key string, fields ...string) {
	t.streams = append(t.streams, entry{key, fields})
}

// Until implements fleet.Tx; the earliest of several bounds holds.
func (t *tx) Until(at time.Time) {
	if t.until.IsZero() || at.Before(t.until) {
		t.until = at
	}
}

// fail remembers the first fault, which Update returns whatever the rule does.
func (t *tx) fail(err error) error {
	if err != nil && t.fault == nil {
		t.fault = err
	}
	return err
}
