package fleet_test

import (
	"fmt"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

// A kindOfMove is something that may happen; often says how often among
// a thousand or so.
type kindOfMove struct {
	name  string
	often int
	make  func(h *history)
}

// allMoves lists what may happen.
func allMoves() []kindOfMove {
	return append(haltMoves(), []kindOfMove{
		{"propose", 60, (*history).propose}, {"press", 130, (*history).press}, {"resume", 60, (*history).resume},
		{"carry", 170, (*history).carry}, {"sweep", 40, (*history).sweep}, {"grab", 130, (*history).grab}, {"work", 330, (*history).work},
		{"target", 20, (*history).target}, {"policy", 15, (*history).policy}, {"build", 15, (*history).build}, {"retire", 6, (*history).retire},
		{"lock", 4, (*history).lock}, {"assign", 4, (*history).assign}, {"touch", 15, (*history).touch}, {"pin", 20, (*history).pin},
		{"answer", 40, (*history).answer}, {"cancel", 10, (*history).cancel}, {"replay", 25, (*history).replay}, {"pass", 50, (*history).pass},
		{"restart", 10, func(h *history) { h.restart(); h.say("another replica takes over") }},
	}...)
}

// moveNames holds each name as often as its move shall happen.
var moveNames = func() (out []string) {
	for _, m := range allMoves() {
		for range m.often {
			out = append(out, m.name)
		}
	}
	return out
}()

func one[T any](h *history, of ...T) T { return of[h.r.IntN(len(of))] }

func (h *history) platforms() []fleet.Platform {
	all, err := h.catalog.Platforms(h.ctx, "")
	h.wentWrong("platforms", err)
	return all
}

func (h *history) someSite() fleet.URI { return fleet.URI(fmt.Sprintf("s%d.example.org", h.r.IntN(4))) }

// propose asks for a plan of any kind.
func (h *history) propose() {
	o := fleet.Proposal{Kind: one(h, fleet.Upgrade, fleet.Upgrade, fleet.Upgrade, fleet.Migrate, fleet.Rollback), By: one(h, alice, bob), Channel: "C0MAIN"}
	o.Scope = one(h, fleet.Scope{Site: h.someSite()}, fleet.Scope{Distribution: "atrium", Whole: true}, fleet.Scope{Only: []fleet.URI{h.someSite(), h.someSite()}})
	all := h.platforms()
	if o.Kind == fleet.Migrate {
		o.To = one(h, all...).Name
	} else if h.r.IntN(3) == 0 {
		o.Scope = fleet.Scope{Platform: one(h, all...).Name}
	}
	o.Unpin = h.r.IntN(4) == 0
	p, err := h.planner.Propose(h.ctx, o)
	h.wentWrong("propose", err)
	h.say("%s of %+v to %q is asked for: plan %s, %v", o.Kind, o.Scope, o.To, p.ID, err)
}

// onScreen chooses a plan, mostly a young one, and a revision of it that somebody
// has seen, mostly the newest.
func (h *history) onScreen() (id fleet.PlanID, rev int, ok bool) {
	if len(h.order) == 0 {
		return "", 0, false
	}
	at := len(h.order) - 1 - min(h.r.IntN(4), h.r.IntN(len(h.order)))
	id = h.order[max(at, 0)]
	h.show(id) // as they look at it
	for r := range h.screens[id] {
		rev = max(rev, r)
	}
	if h.r.IntN(5) == 0 {
		rev = 1 + h.r.IntN(rev)
	}
	return id, rev, true
}

// press presses Confirm or Cancel on what some screen shows, now and then once
// more with the same request.
func (h *history) press() {
	id, rev, ok := h.onScreen()
	if !ok {
		return
	}
	if h.r.IntN(8) > 0 {
		h.presses++
	}
	v := fleet.Vote{Plan: id, Revision: rev, Confirm: h.r.IntN(8) > 0, Who: one(h, alice, bob, carol), Role: one(h, fleet.Maintainer, fleet.Maintainer, fleet.Administrator, fleet.Reader),
		Request: fmt.Sprintf("press-%d", h.presses)}
	before := fleet.Plan{ID: id}
	_, err := h.mem.Read(h.ctx, &before)
	h.wentWrong("read plan", err)
	h.pressed = id
	dec, err := h.decider.Press(h.ctx, h.wrong.press(v, before))
	h.wentWrong("press", err)
	h.say("%s presses on plan %s, revision %d (confirm: %v): %s %v", v.Who.Name, id, rev, v.Confirm, dec.Outcome, err)
	if err == nil && dec.Outcome == "" {
		h.ledger.refute("a press was not answered")
	}
	if dec.Outcome == fleet.Approved && h.ledger.grants[id] == nil {
		if v.Role < fleet.Maintainer {
			h.ledger.refute("plan %s was approved by a reader", id)
		}
		h.ledger.approved(h, id, rev)
		if !h.disturbed || h.within > 0 { // else the world may have changed just after it was looked at
			h.ledger.holdsTrue(h, id)
		}
	}
}

// resume presses Continue or Stop.
func (h *history) resume() {
	id, rev, ok := h.onScreen()
	if !ok {
		return
	}
	on := h.r.IntN(4) > 0
	p, err := h.conductor.Resume(h.ctx, id, rev, on, bob)
	h.wentWrong("resume", err)
	if err == nil {
		h.say("plan %s is continued: %v", id, on)
		h.ledger.resumed(p, on, fleet.Distribution{Target: p.Aim, Rules: p.Rules})
	}
}

// carry carries what is pending, or only some of it.
func (h *history) carry() {
	h.outbox.left = one(h, 0, 0, 1, 2, 5)
	n, err := h.carrier.Carry(h.ctx)
	h.outbox.left = 0
	h.wentWrong("carry", err)
	h.say("%d effects are carried", n)
}

func (h *history) sweep() {
	_, err := h.conductor.Sweep(h.ctx)
	h.wentWrong("sweep", err)
	h.say("the conductor looks at all plans")
}

func (h *history) target() {
	p := one(h, h.platforms()...).Name
	var err error
	if h.r.IntN(8) == 0 {
		_, err = h.targets.Clear(h.ctx, "atrium", alice)
		p = ""
	} else {
		_, err = h.targets.Set(h.ctx, "atrium", p, alice)
	}
	h.wentWrong("target", err)
	h.say("the target becomes %q: %v", p, err)
}

func (h *history) policy() {
	_, err := h.catalog.Edit(h.ctx, "atrium", alice, func(d *fleet.Distribution) error {
		switch h.r.IntN(4) {
		case 0:
			d.Policy.Failures = h.r.IntN(3) - 1
		case 1:
			d.Policy.Self = !d.Policy.Self
		case 2:
			d.Policy.Approval, d.Policy.Free = "none", "staging"
		default:
			d.Policy.Approval, d.Policy.Keep = "", 24+h.r.IntN(9)
		}
		return nil
	})
	h.wentWrong("policy", err)
	h.say("the policy is changed: %v", err)
}

// build orders a platform, or lets a host end one that was ordered.
func (h *history) build() {
	for _, p := range h.platforms() {
		if !p.Finished() {
			tree := "tree-" + p.Ref.Version
			if h.r.IntN(6) == 0 {
				tree += "-otherwise"
			}
			h.builtOn(p, one(h, p.Hosts...), tree)
			h.say("a host has built %s: %s", p.Name, tree)
			return
		}
	}
	p, err := h.builder.Build(h.ctx, fleet.BuildOrder{Distribution: "atrium", Ref: tag(fmt.Sprintf("1.%d.0", h.r.IntN(4))), By: alice, Hosts: []fleet.HostName{"web1", "web2"}})
	h.wentWrong("build", err)
	h.say("%s is ordered: %v", p.Name, err)
}

// retire retires a platform, or has a host build the tree of one anew.
func (h *history) retire() {
	p := one(h, h.platforms()...)
	if h.r.IntN(2) == 0 && len(p.Paths) > 0 {
		h.builtOn(p, one(h, p.Hosts...), one(h, p.TreeDigest, p.TreeDigest+"-again"))
		h.say("a host has built %s again", p.Name)
		return
	}
	_, err := h.builder.Retire(h.ctx, p.Name, alice)
	h.wentWrong("retire", err)
	h.say("%s is retired: %v", p.Name, err)
}

func (h *history) lock() {
	p := one(h, h.platforms()...)
	_, err := h.targets.Lock(h.ctx, p.Name, !p.Locked, alice)
	h.wentWrong("lock", err)
	h.say("%s is locked: %v %v", p.Name, !p.Locked, err)
}

func (h *history) assign() {
	p, to := one(h, h.platforms()...).Name, one(h, fleet.DistName("atrium"), "atrium", "")
	_, err := h.targets.Assign(h.ctx, p, to, alice)
	h.wentWrong("assign", err)
	h.say("%s is assigned to %q: %v", p, to, err)
}

// touch raises a site's generation as any other work on it does.
func (h *history) touch() {
	u := h.someSite()
	id := fleet.TaskID(fmt.Sprintf("other%d", h.r.IntN(1<<20)))
	s, err := h.sites.Claim(h.ctx, fleet.SiteClaim{URI: u, Task: id, Lease: siteLease})
	if err == nil {
		_, err = h.sites.Move(h.ctx, fleet.SiteMove{URI: u, Task: id, Fence: s.Lock.Fence, Platform: s.Platform, Generation: s.Generation + 1, Previous: s.Generation, From: s.Platform})
	}
	h.wentWrong("touch", err)
	h.say("%s is worked on: %v", u, err)
}

func (h *history) pin() {
	u, why := h.someSite(), one(h, "", "", "not before Christmas")
	_, err := h.sites.Pin(h.ctx, u, why, alice)
	h.wentWrong("pin", err)
	_, err = h.sites.Tag(h.ctx, h.someSite(), one(h, nil, []string{"staging"}), one(h, nil, []string{"staging"}), alice)
	h.wentWrong("tag", err)
	h.say("%s is pinned: %q", u, why)
}

// answer answers a task that is held.
func (h *history) answer() {
	for _, t := range h.open() {
		if t.State == fleet.TaskHeld {
			a := one(h, fleet.RunAgain, fleet.RunAgain, fleet.SkipStep, fleet.GiveUp)
			_, err := h.tasks.Answer(h.ctx, t.ID, a, bob)
			h.wentWrong("answer", err)
			h.say("task %s is answered %s: %v", t.ID, a, err)
			return
		}
	}
}

func (h *history) cancel() {
	if open := h.open(); len(open) > 0 {
		t := one(h, open...)
		_, err := h.tasks.Cancel(h.ctx, t.ID, bob)
		h.wentWrong("cancel", err)
		h.say("task %s is cancelled: %v", t.ID, err)
	}
}

// replay carries once more what was carried before.
func (h *history) replay() {
	for range h.r.IntN(4) {
		if len(h.delivered) == 0 {
			return
		}
		e := h.wrong.replay(one(h, h.delivered...))
		h.wentWrong("replay", h.mem.Update(h.ctx, fleet.Catalogue, func(tx fleet.Tx) error { tx.Emit(e); return nil }))
		h.say("an effect comes again: task %v, advance %q, review %q, offer %q", e.Task != nil, e.Advance, e.Review, e.Offer)
	}
}

func (h *history) pass() {
	d := one(h, time.Second, 5*time.Second, 5*time.Second, 20*time.Second, 20*time.Second, 2*time.Minute, 2*time.Minute, 13*time.Hour)
	h.mem.Pass(d)
	h.say("%v pass", d)
}
