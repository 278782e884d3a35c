package commands_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

func planSites(states ...fleet.SiteProgress) []fleet.PlanSite {
	out := make([]fleet.PlanSite, len(states))
	for i, s := range states {
		out[i] = fleet.PlanSite{URI: fleet.URI(fmt.Sprintf("site%d.example.org", i+1)), Host: "local", From: "atrium-1.0.0", Wave: 1, Progress: s}
		switch s {
		case fleet.SiteDone:
			out[i].Took, out[i].Window = 4200, 800
		case fleet.SiteBack:
			out[i].Note, out[i].Pinned = "The check failed: status 500", true
		case fleet.SiteBroken:
			out[i].Note = "The old copy is damaged"
		case fleet.SiteLeftOut:
			out[i].Note = fmt.Sprintf("Site %s is pinned: it was rolled back", out[i].URI)
		case fleet.SiteRunning:
			out[i].Task = "t-running"
		case fleet.SiteHeld:
			out[i].Task = "t-held"
		}
	}
	return out
}

func rows(n int) []fleet.Row {
	out := []fleet.Row{{Package: "example/app", Type: "core", From: "1.0.0", To: "1.1.0", Change: fleet.Upgraded, Pending: 2}}
	for i := 1; i < n; i++ {
		out = append(out, fleet.Row{Package: fmt.Sprintf("example/part%02d", i), Type: "module", To: "2.0", Change: fleet.Added})
	}
	return out
}

func basePlan() fleet.Plan {
	return fleet.Plan{ID: "01jd0000000000000000000009", Kind: fleet.Upgrade, Title: "Upgrade 3 sites of atrium from 1.0.0 to 1.1.0", Distribution: "atrium",
		From: "atrium-1.0.0", To: "atrium-1.1.0", State: fleet.PlanProposed, Revision: 2,
		Sites: planSites(fleet.SiteWaiting, fleet.SiteWaiting, fleet.SiteWaiting), Rows: rows(3), Quorum: 1, Requester: bob, Channel: "C1",
		Created: noon, Proposed: noon, Expires: after(24 * time.Hour)}
}

func tellPlan(change func(*fleet.Plan)) fleet.Message {
	p := basePlan()
	change(&p)
	tasks := map[fleet.TaskID]fleet.Task{
		"t-running": {ID: "t-running", State: fleet.TaskRunning, Steps: []fleet.StepRecord{{Name: "hold", State: fleet.StepDone}, {Name: "clone database", State: fleet.StepStarted}}},
		"t-held":    {ID: "t-held", State: fleet.TaskHeld, Steps: []fleet.StepRecord{{Name: "update", State: fleet.StepUnknown}}},
	}
	return fleet.TellPlan(fleet.PlanView{Plan: p, Tasks: tasks})
}

// confirmed makes a plan one that alice confirmed.
func confirmed(p *fleet.Plan, s fleet.PlanState, sites ...fleet.SiteProgress) {
	p.State, p.Votes, p.Sites = s, []fleet.Approval{{Who: alice, At: after(time.Minute)}}, planSites(sites...)
	if s.Final() {
		p.Ended = after(90 * time.Second)
	}
}

func planCases() map[string]fleet.Message {
	return map[string]fleet.Message{
		"reading":   tellPlan(func(p *fleet.Plan) { p.State = fleet.PlanReading }),
		"proposed":  tellPlan(func(*fleet.Plan) {}),
		"one_site":  tellPlan(func(p *fleet.Plan) { p.Sites = p.Sites[:1] }),
		"many_rows": tellPlan(func(p *fleet.Plan) { p.Rows, p.More = rows(30), 40 }),
		"same_code": tellPlan(func(p *fleet.Plan) { p.Rows = nil }),
		"redrawn": tellPlan(func(p *fleet.Plan) {
			p.Replaces, p.Reason, p.Quorum, p.Votes = "01jd0000000000000000000008", "The target moved to atrium-1.1.0", 2, []fleet.Approval{{Who: alice, Of: []string{"group:S0RELEASE"}}}
			p.Rule.Quorum = fleet.Quorum{{Need: 2, Each: true, From: []fleet.Party{{Kind: fleet.PartyGroup, ID: "S0RELEASE", Name: "release"}, {Kind: fleet.PartyGroup, ID: "S0CLIENT", Name: "client"}}}}
		}),
		"blocked": tellPlan(func(p *fleet.Plan) {
			p.Notes = []fleet.Finding{{Block: true, Text: "example/app would go back from 1.1.0 to 1.0.0"}, {Site: "site1.example.org", Text: "It uses a package that is removed"}}
		}),
		"left_out": tellPlan(func(p *fleet.Plan) { p.Sites = planSites(fleet.SiteWaiting, fleet.SiteLeftOut) }),
		"rollback": tellPlan(func(p *fleet.Plan) {
			p.Kind, p.Title, p.Rows = fleet.Rollback, "Roll back site1.example.org to 1.0.0", nil
		}),
		"approved": tellPlan(func(p *fleet.Plan) { confirmed(p, fleet.PlanApproved, fleet.SiteWaiting, fleet.SiteWaiting) }),
		"running":  tellPlan(func(p *fleet.Plan) { running(p); p.Wave, p.Waves = 2, 3 }),
		"held":     tellPlan(func(p *fleet.Plan) { confirmed(p, fleet.PlanRunning, fleet.SiteDone, fleet.SiteHeld) }),
		"paused":   tellPlan(func(p *fleet.Plan) { running(p); p.State, p.Reason = fleet.PlanPaused, "1 site failed, and none may" }),
		"done":     tellPlan(func(p *fleet.Plan) { confirmed(p, fleet.PlanDone, fleet.SiteDone, fleet.SiteDone, fleet.SiteDone) }),
		"failed":   tellPlan(func(p *fleet.Plan) { confirmed(p, fleet.PlanFailed, fleet.SiteDone, fleet.SiteBack, fleet.SiteDone) }),
		"worst":    tellPlan(func(p *fleet.Plan) { worst(p) }),
		"unread": tellPlan(func(p *fleet.Plan) {
			p.State, p.Reason, p.Ended = fleet.PlanFailed, "Host web1 did not answer in time", noon
		}),
		"cancelled": tellPlan(func(p *fleet.Plan) { p.State, p.By, p.Ended = fleet.PlanCancelled, alice, after(time.Minute) }),
		"expired":   tellPlan(func(p *fleet.Plan) { p.State, p.Ended = fleet.PlanExpired, after(24*time.Hour) }),
		"superseded": tellPlan(func(p *fleet.Plan) {
			p.State, p.Reason, p.Replacement = fleet.PlanSuperseded, "The target moved to atrium-1.2.0", "01jd000000000000000000000a"
		}),
		"undone":     tellPlan(func(p *fleet.Plan) { p.Kind = fleet.Rollback; confirmed(p, fleet.PlanDone, fleet.SiteDone) }),
		"many_sites": tellDrupal(),
		"log_line":   fleet.TellPlanEvent(fleet.PlanEvent{At: noon, Text: "site1.example.org: hold", Tone: fleet.Neutral}),
	}
}

// tellDrupal is a plan for 37 sites on two hosts, one of them blocked.
func tellDrupal() fleet.Message {
	p := basePlan()
	p.Title, p.Distribution, p.From, p.To = "Upgrade 37 sites of intranet from 10.2.6 to 10.3.1", "intranet", "intranet-10.2.6", "intranet-10.3.1"
	p.Rows = []fleet.Row{
		{Package: "webform", Type: "module", From: "6.2.0", Change: fleet.Removed, Blocks: true},
		{Package: "drupal", Type: "core", From: "10.2.6", To: "10.3.1", Change: fleet.Upgraded},
		{Package: "token", Type: "module", From: "1.13.0", To: "2.0.0", Change: fleet.Upgraded},
	}
	for i := range 217 {
		p.Rows = append(p.Rows, fleet.Row{Package: fmt.Sprintf("part_%03d", i), Type: "module", From: "1.0.0", To: "1.0.1", Change: fleet.Upgraded})
	}
	p.Rows, p.More = p.Rows[:fleet.MaxRows], len(p.Rows)-fleet.MaxRows
	p.Sites = nil
	for i := range 38 {
		s := fleet.PlanSite{URI: fleet.URI(fmt.Sprintf("site%02d.example.org", i)), Host: fleet.HostName(fmt.Sprintf("web%d", 1+i%2)), From: p.From, Wave: 3, Progress: fleet.SiteWaiting, Pending: 2}
		switch {
		case i == 0:
			s.Wave, s.Canary = 1, true
		case i < 4:
			s.Wave = 2
		case i == 37:
			s.Wave, s.Progress, s.Note = 0, fleet.SiteLeftOut, "The site uses the module webform, which the target does not have."
		}
		p.Sites = append(p.Sites, s)
	}
	p.Waves = 3
	p.Notes = []fleet.Finding{{Block: true, Site: "site37.example.org", Text: "The site uses the module webform, which the target does not have."},
		{Text: "The target needs PHP 8.3 or later; 8.1 was enough before."}}
	return fleet.TellPlan(fleet.PlanView{Plan: p, Now: noon, Tried: []fleet.Rehearsal{{URI: "site00.example.org", OK: true, Window: 40_000}}})
}

func running(p *fleet.Plan) {
	confirmed(p, fleet.PlanRunning, fleet.SiteDone, fleet.SiteBack, fleet.SiteRunning, fleet.SiteWaiting, fleet.SiteWaiting)
}

func worst(p *fleet.Plan) {
	confirmed(p, fleet.PlanFailed, fleet.SiteDone, fleet.SiteBroken, fleet.SiteBack, fleet.SiteUntested, fleet.SiteLeftOut)
	p.Reason, p.By = "Stopped after 2 failures", bob
}

// TestNoLiveButtonsAtTheEnd holds that a plan that is decided offers neither
// Confirm nor Cancel, and that one which can be confirmed does.
func TestNoLiveButtonsAtTheEnd(t *testing.T) {
	for name, m := range planCases() {
		live := map[string]bool{}
		for _, b := range m.Buttons {
			live[b.Action] = true
		}
		open := map[string]bool{"proposed": true, "one_site": true, "many_rows": true, "same_code": true, "redrawn": true, "left_out": true, "rollback": true, "many_sites": true}[name]
		if live[fleet.ActConfirm] != open {
			t.Errorf("%s: Confirm offered: %v", name, live[fleet.ActConfirm])
		}
		if live[fleet.ActCancel] != (open || name == "blocked") {
			t.Errorf("%s: Cancel offered: %v", name, live[fleet.ActCancel])
		}
	}
}
