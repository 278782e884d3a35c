package fleet_test

import (
	"strings"
	"testing"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

// TestTakeSeat is the table of who may work under a host's name.
func TestTakeSeat(t *testing.T) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	here, there := fleet.Place{Machine: "a", Mark: "1"}, fleet.Place{Machine: "b", Mark: "2"}
	claim := fleet.SeatClaim{Data: "d1", Place: here, Owner: "me", Lease: 30 * time.Second}
	seat := func(data, owner string, at fleet.Place, lease time.Duration) fleet.Seat {
		return fleet.Seat{Host: "web1", Data: data, Owner: owner, Place: at, Until: now.Add(lease)}
	}
	for name, c := range map[string]struct {
		seat fleet.Seat
		held bool
		want fleet.Code
	}{
		"the first":                              {seat: fleet.Seat{Host: "web1"}},
		"mine, renewed":                          {seat: seat("d1", "me", here, time.Second), held: true},
		"mine, after a long sleep":               {seat: seat("d1", "me", here, -time.Hour), held: true},
		"restarted at the same place":            {seat: seat("d1", "before", here, time.Minute)},
		"the same directory moved, other silent": {seat: seat("d1", "before", there, -time.Second)},
		"a copy while the other works":           {seat: seat("d1", "other", there, time.Second), want: fleet.Refused},
		"another directory":                      {seat: seat("d2", "other", there, time.Second), want: fleet.Refused},
		"another directory, long silent":         {seat: seat("d2", "other", there, -24*time.Hour), want: fleet.Refused},
		"another directory at the same place":    {seat: seat("d2", "other", here, -time.Hour), want: fleet.Refused},
		"released to others, asked by them":      {seat: fleet.Seat{Host: "web1", Barred: "d2", Owner: "nobody"}},
		"released to others, asked by its own":   {seat: fleet.Seat{Host: "web1", Barred: "d1", Owner: "nobody"}, want: fleet.Refused},
		"released while it is held":              {seat: fleet.Seat{Host: "web1", Barred: "d1", Owner: "nobody"}, held: true, want: fleet.Stale},
		"taken while it is held":                 {seat: seat("d1", "other", there, time.Second), held: true, want: fleet.Stale},
		"taken by another directory":             {seat: seat("d2", "other", there, time.Second), held: true, want: fleet.Stale},
		"the storage was emptied":                {seat: fleet.Seat{Host: "web1"}, held: true},
	} {
		got, err := fleet.TakeSeat(c.seat, claim, c.held, now)
		if fleet.CodeOf(err) != c.want {
			t.Errorf("%s: %v, want code %q", name, err, c.want)
		}
		if err == nil && (got.Data != "d1" || got.Owner != "me" || got.Place != here || !got.Until.Equal(now.Add(30*time.Second)) || got.Barred != "") {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// TestReleaseSeat: a person's word frees the name for another directory, and
// said again gives it back.
func TestReleaseSeat(t *testing.T) {
	s := fleet.Seat{Host: "web1", Data: "d1", Owner: "me", Until: time.Now().Add(time.Hour)}
	freed, err := fleet.ReleaseSeat(s)
	if err != nil || freed.Data != "" || freed.Barred != "d1" || freed.Owner == "me" || !freed.Until.IsZero() {
		t.Fatalf("%+v, %v", freed, err)
	}
	if err := fleet.MayClaim(freed, fleet.Task{}, "me"); fleet.CodeOf(err) != fleet.Refused {
		t.Errorf("the former worker may still claim: %v", err)
	}
	back, err := fleet.ReleaseSeat(freed)
	if err != nil || back.Barred != "" {
		t.Errorf("%+v, %v", back, err)
	}
	if _, err := fleet.ReleaseSeat(back); fleet.CodeOf(err) != fleet.Refused {
		t.Errorf("releasing a free name: %v", err)
	}
}

// TestMayClaim: only who has the seat, and what was begun also while paused.
func TestMayClaim(t *testing.T) {
	seat := fleet.Seat{Host: "web1", Owner: "me"}
	paused := seat
	paused.Paused = &fleet.Pause{}
	begun := fleet.Task{Begun: time.Now()}
	for name, c := range map[string]struct {
		seat fleet.Seat
		task fleet.Task
		want fleet.Code
	}{
		"mine":            {seat: seat},
		"another's":       {seat: fleet.Seat{Owner: "other"}, want: fleet.Refused},
		"nobody's":        {want: fleet.Refused},
		"paused":          {seat: paused, want: fleet.Refused},
		"paused, begun":   {seat: paused, task: begun},
		"for newer ones":  {seat: seat, task: fleet.Task{Needs: fleet.Protocol + 1}, want: fleet.TooOld},
		"for this one":    {seat: seat, task: fleet.Task{Needs: fleet.Protocol}},
		"for older, too":  {seat: seat, task: fleet.Task{Needs: 1}},
		"begun, not mine": {seat: fleet.Seat{Owner: "other"}, task: begun, want: fleet.Refused},
	} {
		if err := fleet.MayClaim(c.seat, c.task, "me"); fleet.CodeOf(err) != c.want {
			t.Errorf("%s: %v, want code %q", name, err, c.want)
		}
	}
}

func TestCheckHostName(t *testing.T) {
	for name, ok := range map[fleet.HostName]bool{"web3": true, "web-3.example.org": true, "a": true, "": false, "pause": false, "Resume": false,
		"a b": false, "a:b": false, "{a}": false, "-a": false, "a.": false, fleet.HostName(strings.Repeat("a", 64)): false} {
		if err := fleet.CheckHostName(name); (err == nil) != ok {
			t.Errorf("%q: %v", name, err)
		}
	}
}

// hostWorld has two hosts that have reported themselves.
func hostWorld(t *testing.T) (*world, *fleet.Hosts) {
	w := newWorld(t)
	hs := &fleet.Hosts{Store: w.store}
	w.report(hs, "web1", fleet.HostWorking)
	w.report(hs, "web2", fleet.HostWorking)
	return w, hs
}

func (w *world) report(hs *fleet.Hosts, h fleet.HostName, s fleet.HostState) fleet.HostState {
	w.t.Helper()
	state, err := hs.Report(w.ctx, fleet.Report{Host: fleet.Host{Name: h, Version: "1", Protocol: fleet.Protocol, State: s},
		Claim: fleet.SeatClaim{Data: string(h), Owner: "worker of " + string(h), Lease: 30 * time.Second}})
	w.ok(err)
	return state
}

func (w *world) alarms(title string) []fleet.Alarm {
	w.t.Helper()
	var out []fleet.Alarm
	for _, h := range []fleet.HostName{"web1", "web2"} {
		row := fleet.Host{Name: h}
		_, err := w.store.Read(w.ctx, &row)
		w.ok(err)
		for _, id := range []string{row.Alarm, row.Old} {
			a := fleet.Alarm{ID: id}
			found, err := w.store.Read(w.ctx, &a)
			if w.ok(err); id != "" && found[0] && strings.Contains(a.Title, title) {
				out = append(out, a)
			}
		}
	}
	return out
}

// TestSilentHost: one alarm for each silence, with what waits; over when the
// host is heard again; nobody is accused because the storage was away.
func TestSilentHost(t *testing.T) {
	w, hs := hostWorld(t)
	watch := func(want int) {
		t.Helper()
		if n, err := hs.Watch(w.ctx); err != nil || n != want {
			t.Fatalf("%d alarms, want %d; %v", n, want, err)
		}
	}
	w.pass(3 * time.Minute)
	watch(0) // the watcher has just begun: the storage may have been away
	w.report(hs, "web2", fleet.HostWorking)
	w.ok(w.tasks.Order(w.ctx, fleet.Task{ID: "1", Kind: fleet.TaskMigrate, Host: "web1", About: "a.example"}))
	w.pass(2 * time.Minute)
	w.report(hs, "web2", fleet.HostWorking)
	watch(1)
	watch(0)
	a := w.alarms("web1 is silent")
	if len(a) != 1 || !strings.Contains(a[0].Text, "1 task waits there") || !strings.Contains(a[0].Text, "Nothing was heard") {
		t.Fatalf("%+v", a)
	}
	views, err := hs.All(w.ctx)
	w.ok(err)
	if len(views) != 2 || !views[0].Silent || views[0].Waiting != 1 || views[1].Silent {
		t.Errorf("%+v", views)
	}
	w.report(hs, "web1", fleet.HostWorking)
	over := fleet.Alarm{ID: a[0].ID}
	if w.ok(fleet.One(w.ctx, w.store, &over, "alarm")); !over.Over || len(w.alarms("silent")) != 0 {
		t.Errorf("%+v", over)
	}
	// Stopped in order: no word about web2, where nothing waits.
	w.report(hs, "web1", fleet.HostStopped)
	w.report(hs, "web2", fleet.HostStopped)
	w.pass(3 * time.Minute)
	watch(1)
	if a := w.alarms("web1 is silent"); len(a) != 1 || !strings.Contains(a[0].Text, "was stopped, 22 Nov 2026 12:05 UTC") {
		t.Errorf("%+v", a)
	}
}

// TestOldWorker: what a newer program has written keeps older workers from
// working, says so once, and is over when a newer worker reports.
func TestOldWorker(t *testing.T) {
	w, hs := hostWorld(t)
	w.ok(hs.RaiseFloor(w.ctx, fleet.Floor{Protocol: fleet.Protocol + 1, Version: "9.9"}))
	w.ok(hs.RaiseFloor(w.ctx, fleet.Floor{Protocol: 1, Version: "0.1"})) // it never sinks
	for range 2 {
		if s := w.report(hs, "web1", fleet.HostWorking); s != fleet.HostTooOld {
			t.Fatalf("state %q", s)
		}
	}
	a := w.alarms("web1 is too old")
	if len(a) != 1 || !strings.Contains(a[0].Text, "9.9") {
		t.Fatalf("%+v", a)
	}
	state, err := hs.Report(w.ctx, fleet.Report{Host: fleet.Host{Name: "web1", Protocol: fleet.Protocol + 1}, Held: true,
		Claim: fleet.SeatClaim{Data: "web1", Owner: "worker of web1"}})
	if w.ok(err); state != fleet.HostWorking || len(w.alarms("too old")) != 0 {
		t.Errorf("state %q, %+v", state, w.alarms("too old"))
	}
}

// TestSecondWorker: a worker with another directory is refused, noted, and told
// of once.
func TestSecondWorker(t *testing.T) {
	w, hs := hostWorld(t)
	r := fleet.Report{Host: fleet.Host{Name: "web1", Version: "1"}, Claim: fleet.SeatClaim{Data: "other", Owner: "second", Place: fleet.Place{Machine: "box", Mark: "7"}}}
	for range 3 {
		_, err := hs.Report(w.ctx, r)
		w.refused(err, fleet.Refused)
	}
	h := fleet.Host{Name: "web1"}
	if w.ok(fleet.One(w.ctx, w.store, &h, "host")); h.Second == nil || h.Second.Data != "other" || h.Owner == "second" {
		t.Errorf("%+v", h)
	}
	if n := w.audits("alarm.raised"); n != 1 {
		t.Errorf("%d alarms", n)
	}
	_, err := hs.Release(w.ctx, "web1", alice)
	w.ok(err)
	_, err = hs.Report(w.ctx, r)
	w.ok(err)
	_, err = hs.Report(w.ctx, fleet.Report{Host: fleet.Host{Name: "web1"}, Held: true, Claim: fleet.SeatClaim{Data: "web1", Owner: "worker of web1"}})
	w.refused(err, fleet.Stale)
}
