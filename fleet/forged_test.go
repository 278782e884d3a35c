package fleet_test

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/store"
	"github.com/distrobot/distrobot/store/storetest"
)

// A forgery is one changed byte in a Redis under a running fleet.
type forgery struct {
	key, field string
	value      string // of the field, with the byte changed
	entry      string // id of the changed entry, if the key is a stream
}

func (f forgery) String() string { return fmt.Sprintf("%s %s: %.200s", f.key, f.field, f.value) }

// A vault is a real Redis with the dump of a fleet in the middle of its work.
type vault struct {
	*world
	real   *store.Store
	client redis.UniversalClient
	dump   map[string]string // as DUMP gives it, by key
	named  map[fleet.Key]bool
	acts   map[string]bool // what was done in this trial
}

// newVault stocks a Redis with plans that are read, proposed, approved, running
// and paused, with tasks queued, running and held, a build, a freeze, effects
// that wait, and requests that were answered.
func newVault(t *testing.T) *vault {
	v := &vault{named: map[fleet.Key]bool{}}
	s, err := store.Open(t.Context(), store.Options{URL: storetest.Start(t).URL(), Key: []byte("k"),
		OnTampered: func(k fleet.Key) { v.named[k] = true }, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	v.world, v.real, v.client = worldOver(t, s), s, s.Client()
	v.world.carrier.Failed = func(fleet.PendingEffect, error) {} // a forged row refuses what leads to it
	var uris []fleet.URI
	for i := range 6 {
		uris = append(uris, fleet.URI(fmt.Sprintf("s%d.example.org", i)))
	}
	for _, h := range []fleet.HostName{"local", "web2"} {
		v.ok(s.Update(v.ctx, fleet.Catalogue, func(tx fleet.Tx) error {
			host := fleet.Host{Name: h}
			_, err := tx.Get(&host)
			tx.Put(&host)
			return err
		}))
	}
	v.fleetOf(uris...)
	p := v.build("1.1.0")
	_, err = v.targets.Set(v.ctx, "atrium", p.Name, alice)
	v.ok(err)
	v.work(fleet.TaskInspect, inspects)
	for i := range 4 { // plans of one site each, in every state
		plan := v.propose(fleet.Scope{Site: uris[i]})
		if i > 0 {
			v.confirmed(plan, bob)
		}
		if i == 2 {
			_, err := v.conductor.Pause(v.ctx, plan.ID, bob)
			v.fine(err)
		}
	}
	v.begin(uris[3])
	_, err = v.planner.Propose(v.ctx, fleet.Proposal{Kind: fleet.Upgrade, Scope: fleet.Scope{Site: uris[4]}, By: alice, Channel: "C0MAIN"})
	v.ok(err)
	_, err = v.builder.Build(v.ctx, fleet.BuildOrder{Distribution: "atrium", Ref: tag("1.2.0"), By: alice})
	v.ok(err)
	_, err = (&fleet.Freezer{Store: s}).Freeze(v.ctx, fleet.Freeze{Distribution: "atrium", Until: time.Now().Add(-time.Hour), Reason: "over"}, alice)
	v.fine(err)
	v.keep()
	return v
}

// fine takes an answer for people for no failure.
func (v *vault) fine(err error) {
	v.t.Helper()
	if err != nil && fleet.CodeOf(err) == "" {
		v.t.Fatal(err)
	}
}

// begin lets a worker claim the task of a site and be in the middle of it.
func (v *vault) begin(uri fleet.URI) {
	v.t.Helper()
	for _, t := range v.unfinished() {
		if t.About == string(uri) && t.Kind == fleet.TaskMigrate {
			v.ok(v.journal(t.Ref(), func(t fleet.Task, now time.Time) (fleet.Task, error) {
				return fleet.ClaimTask(t, fleet.Claim{Owner: "before", Lease: time.Millisecond}, now)
			}))
		}
	}
}

func (v *vault) unfinished() []fleet.Task {
	open, err := v.tasks.List(v.ctx, "", true, 1000)
	v.fine(err)
	return open
}

func (v *vault) journal(ref fleet.TaskRef, rule func(fleet.Task, time.Time) (fleet.Task, error)) error {
	return v.store.Update(v.ctx, fleet.HostFamily(ref.Host), func(tx fleet.Tx) error {
		t := fleet.Task{ID: ref.ID, Host: ref.Host}
		if found, err := tx.Get(&t); err != nil || !found {
			return fleet.Errorf(fleet.Stale, "gone (%v)", err).Because(err)
		}
		next, err := rule(t, tx.Now())
		if err == nil {
			tx.Put(&next)
		}
		return err
	})
}

// keep takes the dump.
func (v *vault) keep() {
	v.t.Helper()
	keys, err := v.client.Keys(v.ctx, "*").Result()
	v.ok(err)
	v.dump = map[string]string{}
	for _, k := range keys {
		v.dump[k], err = v.client.Dump(v.ctx, k).Result()
		v.ok(err)
	}
}

// put brings the dump back.
func (v *vault) put() {
	v.t.Helper()
	_, err := v.client.Pipelined(v.ctx, func(p redis.Pipeliner) error {
		p.FlushAll(v.ctx)
		for k, d := range v.dump {
			p.Restore(v.ctx, k, 0, d)
		}
		return nil
	})
	v.ok(err)
	v.named, v.acts, v.presses = map[fleet.Key]bool{}, map[string]bool{}, 1000
}

// forgeries lists a changed byte for each field of each record and each waiting
// effect: letters become letters and digits digits, so that what is read is
// refused for its signature and not for its form.
func (v *vault) forgeries() (out []forgery) {
	v.t.Helper()
	for _, key := range slices.Sorted(maps.Keys(v.dump)) {
		switch {
		case strings.HasSuffix(key, ":outbox"):
			entries, err := v.client.XRange(v.ctx, key, "-", "+").Result()
			v.ok(err)
			for _, e := range entries {
				for _, value := range forged(e.Values["e"].(string)) {
					out = append(out, forgery{key: key, field: "e", value: value, entry: e.ID})
				}
			}
		case v.client.Type(v.ctx, key).Val() == "hash" && v.isRow(key):
			for field, value := range v.client.HGetAll(v.ctx, key).Val() {
				for _, changed := range forged(value) {
					out = append(out, forgery{key: key, field: field, value: changed})
				}
			}
		}
	}
	return out
}

// isRow tells a record from the indexes and what else is a hash; records that
// move nothing are not signed.
func (v *vault) isRow(key string) bool {
	_, noun, _ := strings.Cut(key, "}:")
	noun, _, _ = strings.Cut(noun, ":")
	return noun != "meta" && noun != "ix" && noun != "lease" && noun != "poll" && noun != "op" && noun != "epoch"
}

// forged changes one byte of each value in a JSON document, or of a plain value.
func forged(value string) (out []string) {
	var doc map[string]json.RawMessage
	if json.Unmarshal([]byte(value), &doc) != nil {
		if s, ok := otherByte(value); ok {
			out = append(out, s)
		}
		return out
	}
	for _, raw := range doc {
		if s, ok := otherByte(string(raw)); ok {
			out = append(out, strings.Replace(value, string(raw), s, 1))
		}
	}
	return slices.DeleteFunc(out, func(s string) bool { return s == value })
}

// otherByte changes the last letter or digit.
func otherByte(s string) (string, bool) {
	for i := len(s) - 1; i >= 0; i-- {
		c := s[i]
		switch {
		case c >= '0' && c <= '8', c >= 'a' && c < 'z' && s != "null" && s != "true" && s != "false":
			return s[:i] + string(c+1) + s[i+1:], true
		case c == '9':
			return s[:i] + "8" + s[i+1:], true
		}
	}
	switch s {
	case "true":
		return "null", true
	case "false":
		return "truE", true
	}
	return s, false
}

func (v *vault) forge(f forgery) {
	v.t.Helper()
	if f.entry == "" {
		v.ok(v.client.HSet(v.ctx, f.key, f.field, f.value).Err())
		return
	}
	all, err := v.client.XRange(v.ctx, f.key, "-", "+").Result()
	v.ok(err)
	v.ok(v.client.Del(v.ctx, f.key).Err())
	for _, e := range all {
		if e.ID == f.entry {
			e.Values[f.field] = f.value
		}
		v.ok(v.client.XAdd(v.ctx, &redis.XAddArgs{Stream: f.key, ID: e.ID, Values: e.Values}).Err())
	}
}

// did notes what was done.
func (v *vault) did(format string, args ...any) { v.acts[fmt.Sprintf(format, args...)] = true }

// alive lets every service act on what it finds, as a bot and workers do all the
// time: people press, effects are carried, plans go on, workers take tasks up.
func (v *vault) alive() {
	v.t.Helper()
	for range 2 {
		for _, fam := range fleet.PlanFamilies() {
			ids, err := v.store.List(v.ctx, fleet.OpenPlans(fam), fleet.Page{})
			v.ok(err)
			for _, id := range ids {
				v.confirm(fleet.PlanID(id))
			}
		}
		_, err := v.carrier.Carry(v.ctx)
		v.fine(err)
		_, err = v.conductor.Sweep(v.ctx)
		v.fine(err)
		for _, h := range []fleet.HostName{"local", "web2"} {
			due, err := v.store.List(v.ctx, fleet.TasksDue(h), fleet.Page{})
			v.ok(err)
			for _, id := range due {
				v.worker(fleet.TaskRef{Host: h, ID: fleet.TaskID(id)})
			}
		}
	}
}

// confirm presses on a plan as it is shown.
func (v *vault) confirm(id fleet.PlanID) {
	v.t.Helper()
	p := fleet.Plan{ID: id}
	if _, err := v.store.Read(v.ctx, &p); err != nil {
		v.fine(err)
		return
	}
	v.presses++
	d, err := v.decider.Press(v.ctx, fleet.Vote{Plan: id, Revision: p.Revision, Confirm: true, Who: bob, Role: fleet.Maintainer, Request: strconv.Itoa(v.presses)})
	v.fine(err)
	if err == nil && d.Outcome == fleet.Approved {
		v.did("approved %s: %s %s", id, p.Title, p.Fingerprint)
	}
}

// worker claims a task and begins with it, up to the point from which a host is
// changed.
func (v *vault) worker(ref fleet.TaskRef) {
	v.t.Helper()
	var t fleet.Task
	err := v.journal(ref, func(now fleet.Task, at time.Time) (next fleet.Task, err error) {
		next, err = fleet.ClaimTask(now, fleet.Claim{Owner: "worker", Lease: time.Hour}, at)
		t = next
		return next, err
	})
	if v.fine(err); err != nil {
		return
	}
	switch t.Kind {
	case fleet.TaskMigrate:
		if s, err := v.claim(t); err == nil {
			v.did("moves %s from %s to %s for %s", s.URI, s.Platform, t.Params[fleet.ParamPlatform], t.By.ID)
		} else {
			v.fine(err)
		}
	case fleet.TaskBuild:
		p, d := fleet.Platform{Name: fleet.PlatformName(t.About)}, fleet.Distribution{Name: "atrium"}
		if _, err := v.store.Read(v.ctx, &p, &d); err == nil {
			v.did("builds %s from %s at %s", p.Name, d.URL, p.Ref.Commit)
		} else {
			v.fine(err)
		}
	default:
		v.did("%s %s", t.Kind, t.About)
	}
}

// TestForgedDump: whoever changes a byte of a record or of a waiting effect in
// the Redis of a running fleet makes it do nothing that it would not have done
// otherwise; the record is refused and named.
func TestForgedDump(t *testing.T) {
	t.Parallel()
	v := newVault(t)
	v.put()
	v.alive()
	usual := v.acts
	if len(usual) < 5 {
		t.Fatalf("the fleet does little by itself: %v", usual)
	}
	all := v.forgeriesOf()
	byService := map[string]int{}
	for _, f := range all {
		v.put()
		v.forge(f)
		v.alive()
		for act := range v.acts {
			if !usual[act] {
				t.Errorf("%v: %s, which it does not do otherwise", f, act)
			}
		}
		if v.caught(f) {
			_, noun, _ := strings.Cut(f.key, "}:")
			noun, _, _ = strings.Cut(noun, ":")
			byService[noun]++
		}
	}
	t.Logf("%d forgeries; refused by services: %v", len(all), byService)
	for _, noun := range []string{"plan", "task", "site", "dist", "plat", "outbox"} {
		if byService[noun] == 0 {
			t.Errorf("no service has met a forged %s", noun)
		}
	}
	t.Attr("trials", fmt.Sprint(len(all)))
}

// forgeriesOf is all of them, or a sample of each record.
func (v *vault) forgeriesOf() []forgery {
	v.put()
	all := v.forgeries()
	if os.Getenv("DISTROBOT_TEST_THOROUGH") != "" {
		return all
	}
	rand.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	seen := map[string]int{}
	return slices.DeleteFunc(all, func(f forgery) bool { seen[f.key]++; return seen[f.key] > 1 })
}

// caught reports whether a service has met the forgery; if none has, whoever
// reads the record must.
func (v *vault) caught(f forgery) bool {
	v.t.Helper()
	if f.entry != "" {
		n, err := v.client.XLen(v.ctx, f.key+":refused").Result()
		v.ok(err)
		if n == 0 {
			v.t.Errorf("%v: it was carried", f)
		}
		return true
	}
	_, rest, _ := strings.Cut(f.key, "{")
	fam, rest, _ := strings.Cut(rest, "}:")
	noun, id, _ := strings.Cut(rest, ":")
	k := fleet.Key{Family: fleet.Family(fam), Noun: noun, ID: id}
	if v.named[k] {
		return true
	}
	told, err := v.real.Backup(v.ctx, io.Discard) // it reads everything
	v.ok(err)
	if !slices.Contains(told.Bad, k) {
		v.t.Errorf("%v: nobody minds", f)
	}
	return false
}
