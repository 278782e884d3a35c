// Package fleettest keeps a fleet in memory for tests of rules and services:
// a Store, Outbox and Trail that fail, race and expire as the real ones do,
// with a clock that the test moves.
package fleettest

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

type row struct {
	version int64
	value   reflect.Value // as decoded from its JSON; not valid in a row that was dropped
	entries []fleet.Entry
}

// Memory implements fleet.Store, fleet.Outbox and fleet.Trail. Commits are
// optimistic: rules run beside each other and the loser runs again.
type Memory struct {
	mu      sync.Mutex
	now     time.Time
	version int64
	rows    map[fleet.Key]row
	index   map[fleet.Index]map[string]int64
	outbox  map[fleet.Family][]fleet.PendingEffect
	trail   []fleet.AuditEvent
	trailed map[string]bool
	down    error
	retries int

	// Between, when set, is called after each rule and before its commit.
	Between func()
}

// New gives an empty Memory whose clock stands at noon on 22 November 2026.
func New() *Memory {
	return &Memory{
		now:     time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC),
		rows:    map[fleet.Key]row{},
		index:   map[fleet.Index]map[string]int64{},
		outbox:  map[fleet.Family][]fleet.PendingEffect{},
		trailed: map[string]bool{},
	}
}

// Copy gives the rows as they are now, for reading.
func (m *Memory) Copy() *Memory {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := New()
	out.now, out.rows = m.now, maps.Clone(m.rows)
	return out
}

// Pass moves the clock.
func (m *Memory) Pass(d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now = m.now.Add(d)
}

// Now is where the clock stands.
func (m *Memory) Now() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.now
}

// Down makes every call fail with err until it is called with nil.
func (m *Memory) Down(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.down = err
}

// Retries counts the commits that lost a race.
func (m *Memory) Retries() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.retries
}

// Read implements fleet.Store.
func (m *Memory) Read(_ context.Context, recs ...fleet.Record) ([]bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := make([]bool, len(recs))
	for i, r := range recs {
		if _, found, err := m.load(r); err != nil {
			return nil, err
		} else {
			out[i] = found
		}
	}
	return out, m.down
}

func (m *Memory) load(r fleet.Record) (int64, bool, error) {
	if m.down != nil {
		return 0, false, m.down
	}
	have, ok := m.rows[r.Key()]
	if !ok || !have.value.IsValid() {
		return have.version, false, nil
	}
	fill(reflect.ValueOf(r).Elem(), have.value)
	return have.version, true, nil
}

// List implements fleet.Store.
func (m *Memory) List(_ context.Context, ix fleet.Index, page fleet.Page) ([]string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.down != nil {
		return nil, m.down
	}
	return m.list(ix, page), nil
}

func (m *Memory) list(ix fleet.Index, page fleet.Page) []string {
	set := m.index[ix]
	var out []string
	for member, score := range set {
		if score >= page.From && (page.To == 0 || score <= page.To) {
			out = append(out, member)
		}
	}
	slices.SortFunc(out, func(a, b string) int {
		if set[a] != set[b] {
			return int(set[a] - set[b])
		}
		return strings.Compare(a, b)
	})
	if page.Descending {
		slices.Reverse(out)
	}
	out = out[min(page.Offset, len(out)):]
	if page.Limit > 0 {
		out = out[:min(page.Limit, len(out))]
	}
	return out
}

// Count implements fleet.Store.
func (m *Memory) Count(_ context.Context, ixs ...fleet.Index) ([]int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := make([]int, len(ixs))
	for i, ix := range ixs {
		out[i] = len(m.index[ix])
	}
	return out, m.down
}

// Update implements fleet.Store.
func (m *Memory) Update(ctx context.Context, fam fleet.Family, rule func(fleet.Tx) error) error {
	for range 200 {
		if err := ctx.Err(); err != nil {
			return err
		}
		m.mu.Lock()
		t := &tx{ctx: ctx, m: m, fam: fam, now: m.now, seen: map[fleet.Key]int64{}}
		err := m.down
		m.mu.Unlock()
		if err != nil {
			return err
		}
		if err := rule(t); err != nil {
			return err
		}
		if m.Between != nil {
			m.Between()
		}
		if done, err := m.commit(t); done || err != nil {
			return err
		}
	}
	return fleet.Errorf(fleet.Conflict, "Too many others changed the same rows.")
}

func (m *Memory) commit(t *tx) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.down != nil {
		return false, m.down
	}
	for key, version := range t.seen {
		if m.rows[key].version != version {
			m.retries++
			return false, nil
		}
	}
	if !t.until.IsZero() && !m.now.Before(t.until) {
		return false, nil
	}
	for _, w := range t.writes {
		if err := m.write(w); err != nil {
			return false, err
		}
	}
	for _, e := range t.effects {
		m.version++
		m.outbox[t.fam] = append(m.outbox[t.fam], fleet.PendingEffect{ID: fmt.Sprintf("%08d", m.version), Effect: e})
	}
	return true, nil
}

func (m *Memory) write(w write) error {
	key := w.rec.Key()
	for _, e := range m.rows[key].entries {
		delete(m.index[e.Index], e.Member)
	}
	m.version++
	next := row{version: m.version}
	if !w.drop {
		data, err := json.Marshal(w.rec)
		if err != nil {
			return fmt.Errorf("encode %v: %w", key, err)
		}
		if next.value, err = decode(data, reflect.TypeOf(w.rec).Elem()); err != nil {
			return fmt.Errorf("decode %v: %w", key, err)
		}
		next.entries = w.rec.Entries()
	}
	for _, e := range next.entries {
		if e.Index.Family != key.Family {
			return fmt.Errorf("index %v is outside of family %s", e.Index, key.Family)
		}
		if m.index[e.Index] == nil {
			m.index[e.Index] = map[string]int64{}
		}
		m.index[e.Index][e.Member] = e.Score
	}
	m.rows[key] = next
	return nil
}

type write struct {
	rec  fleet.Record
	drop bool
}

type tx struct {
	ctx     context.Context
	m       *Memory
	fam     fleet.Family
	now     time.Time
	until   time.Time
	seen    map[fleet.Key]int64
	writes  []write
	effects []fleet.Effect
}

func (t *tx) Now() time.Time { return t.now }

func (t *tx) Get(r fleet.Record) (bool, error) {
	if r.Key().Family != t.fam {
		return false, fmt.Errorf("%v is outside of family %s", r.Key(), t.fam)
	}
	t.m.mu.Lock()
	defer t.m.mu.Unlock()
	version, found, err := t.m.load(r)
	if old, again := t.seen[r.Key()]; again && old != version {
		version = -1 // two readings differ: the commit fails
	}
	t.seen[r.Key()] = version
	return found, err
}

func (t *tx) List(ix fleet.Index, page fleet.Page) ([]string, error) {
	if ix.Family != t.fam {
		return nil, fmt.Errorf("%v is outside of family %s", ix, t.fam)
	}
	t.m.mu.Lock()
	defer t.m.mu.Unlock()
	return t.m.list(ix, page), t.m.down
}

func (t *tx) Put(r fleet.Record)    { t.add(r, false) }
func (t *tx) Delete(r fleet.Record) { t.add(r, true) }

func (t *tx) add(r fleet.Record, drop bool) {
	if _, got := t.seen[r.Key()]; !got {
		panic(fmt.Sprintf("put of %v, which was not got", r.Key()))
	}
	copied := reflect.New(reflect.TypeOf(r).Elem())
	copied.Elem().Set(reflect.ValueOf(r).Elem())
	t.writes = append(t.writes, write{copied.Interface().(fleet.Record), drop})
}

func (t *tx) Emit(e ...fleet.Effect) { t.effects = append(t.effects, fleet.Traced(t.ctx, e)...) }

func (t *tx) Until(at time.Time) { t.until = at }

// Waiting implements fleet.Outbox.
func (m *Memory) Waiting(_ context.Context, fams ...fleet.Family) ([]fleet.Family, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(fams), func(f fleet.Family) bool { return len(m.outbox[f]) == 0 }), m.down
}

// Pending implements fleet.Outbox.
func (m *Memory) Pending(_ context.Context, fam fleet.Family, n int) ([]fleet.PendingEffect, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := m.outbox[fam]
	return slices.Clone(all[:min(n, len(all))]), m.down
}

// Ack implements fleet.Outbox.
func (m *Memory) Ack(_ context.Context, fam fleet.Family, ids ...string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.outbox[fam] = slices.DeleteFunc(m.outbox[fam], func(e fleet.PendingEffect) bool { return slices.Contains(ids, e.ID) })
	return m.down
}
