package fleet_test

import (
	"slices"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

// haltMoves are the moves that hold plans back, or end them and their tasks
// before their time.
func haltMoves() []kindOfMove {
	return []kindOfMove{
		{"pause", 10, (*history).pause}, {"abort", 3, (*history).abort}, {"freeze", 3, (*history).freeze}, {"thaw", 15, (*history).thaw},
		{"window", 5, (*history).window}, {"leave", 8, (*history).leave}, {"hand over", 4, (*history).handOver},
	}
}

// pause holds back what of a plan has not begun.
func (h *history) pause() {
	id, _, ok := h.onScreen()
	if !ok {
		return
	}
	p, err := h.conductor.Pause(h.ctx, id, bob)
	h.wentWrong("pause", err)
	if err == nil {
		h.say("plan %s is paused by a person", id)
		h.ledger.paused(p)
	}
}

// abort ends a plan, whatever revision of it was seen.
func (h *history) abort() {
	id, _, ok := h.onScreen()
	if !ok {
		return
	}
	p, err := h.conductor.Abort(h.ctx, id, bob)
	h.wentWrong("abort", err)
	if err == nil {
		h.say("plan %s is aborted", id)
		h.ledger.resumed(p, false, fleet.Distribution{})
	}
}

// freeze holds back all waves, or those of the distribution.
func (h *history) freeze() {
	of, lasts := one(h, fleet.DistName("atrium"), ""), one(h, 10*time.Second, time.Minute, time.Minute, 14*time.Hour)
	f := fleet.Freeze{Distribution: of, Until: h.mem.Now().Add(lasts), Reason: "Christmas sales"}
	_, err := (&fleet.Freezer{Store: h.mem}).Freeze(h.ctx, f, alice)
	h.wentWrong("freeze", err)
	h.say("%q is frozen for %v: %v", of, lasts, err)
	if err == nil {
		h.ledger.frozen[of] = f.Until
	}
}

// thaw ends a freeze before its time.
func (h *history) thaw() {
	of := one(h, fleet.DistName("atrium"), "")
	err := (&fleet.Freezer{Store: h.mem}).Thaw(h.ctx, of, alice)
	h.wentWrong("thaw", err)
	h.say("%q is thawed: %v", of, err)
	if err == nil {
		delete(h.ledger.frozen, of)
	}
}

// window says when a site, or each that has no window of its own, may be moved.
// Histories begin on a Sunday at noon.
func (h *history) window() {
	w := one(h, "", "", fleet.Always, "12:00-12:05", "20:00-24:00", "Sun 12:02-13:00; Mon 00:00-03:00", fleet.Always)
	if h.r.IntN(3) == 0 {
		_, err := h.catalog.Edit(h.ctx, "atrium", alice, func(d *fleet.Distribution) error { d.Policy.Window = w; return nil })
		h.wentWrong("window", err)
		h.say("the window of all sites is %q: %v", w, err)
	} else {
		u, zone := h.someSite(), one(h, "", "", "Pacific/Auckland")
		_, err := h.sites.Window(h.ctx, u, w, zone, alice)
		h.wentWrong("window", err)
		h.say("the window of %s is %q %s: %v", u, w, zone, err)
	}
}

// leave lets a worker end in good order: it hands its task back.
func (h *history) leave() {
	i := slices.IndexFunc(h.hands, func(w *hand) bool { return !w.busy })
	if i < 0 {
		return
	}
	w := h.hands[i]
	h.hands = slices.Delete(h.hands, i, i+1)
	err := h.journal(w.ref, func(t fleet.Task, now time.Time) (fleet.Task, error) { return fleet.HandBack(t, w.fence, now) })
	h.wentWrong("hand back", err)
	h.say("the worker of %s hands it back: %v", w.ref.ID, err)
}

// handOver ends the held tasks of a host that is said not to come back, while
// its workers may still be at work.
func (h *history) handOver() {
	from := one(h, fleet.HostName("web1"), "web2")
	done, err := (&fleet.Hosts{Store: h.mem}).Handover(h.ctx, fleet.Handover{From: from, EndHeld: true, By: alice})
	h.wentWrong("hand over", err)
	h.say("%d held tasks of %s are ended without it: %v", len(done.Ended), from, err)
}

// paused notes a person's pause: what was ordered may still begin.
func (l *ledger) paused(p fleet.Plan) {
	g := l.grants[p.ID]
	if g == nil {
		l.refute("plan %s was paused and never approved", p.ID)
		return
	}
	g.halted, g.ordered = true, map[fleet.URI]bool{}
	for _, s := range p.Sites {
		g.ordered[s.URI] = s.Task != ""
	}
}

// halts is asked when a task has begun: no freeze may hold at that moment, and
// the window of its site must be open.
func (l *ledger) halts(h *history, t fleet.Task, g *grant) {
	if g.kind == fleet.Rollback {
		return // the way back is never held
	}
	now, s, d := h.mem.Now(), h.siteNow(fleet.URI(t.About)), h.dist()
	for of, until := range l.frozen {
		if (of == "" || of == g.of) && now.Before(until) {
			l.refute("site %s is moved while %q is frozen until %v", s.URI, of, until)
		}
	}
	text := s.Window
	if text == "" && h.onAtrium(s.Platform) {
		text = d.Policy.Window
	}
	if w, err := fleet.ParseWindow(text, s.Zone); err != nil {
		h.wentWrong("parse a window", err)
	} else if open, _ := w.Open(now); !open {
		l.refute("site %s is moved at %v, when its window %q %s is closed", s.URI, now, text, s.Zone)
	}
}

// onAtrium reports whether a platform belongs to the distribution: people may
// take it out.
func (h *history) onAtrium(name fleet.PlatformName) bool {
	p := fleet.Platform{Name: name}
	_, err := h.mem.Read(h.ctx, &p)
	h.wentWrong("read platform", err)
	return p.Distribution == "atrium"
}
