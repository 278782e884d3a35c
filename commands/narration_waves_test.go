package commands_test

import (
	"fmt"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

// manySites are a thousand sites on three hosts, a third of them done, 50 under
// way and 30 failed for two reasons.
func manySites(p *fleet.Plan) {
	confirmed(p, fleet.PlanRunning)
	p.Title, p.Waves, p.Wave, p.Failures = "Upgrade 1000 sites of atrium from 1.0.0 to 1.1.0", 4, 3, 50
	for i := range 1000 {
		s := fleet.PlanSite{URI: fleet.URI(fmt.Sprintf("site%04d.example.org", i)), Host: fleet.HostName(fmt.Sprintf("web%d", i%3+1)), From: "atrium-1.0.0",
			Wave: 4, Progress: fleet.SiteWaiting}
		switch {
		case i < 1:
			s.Wave = 1
		case i < 101:
			s.Wave = 2
		case i < 601:
			s.Wave = 3
		}
		switch {
		case i < 30:
			s.Progress, s.Pinned, s.Note = fleet.SiteBack, true, fmt.Sprintf("The page / of %s answers 500 instead of 200", s.URI)
			if i%10 == 9 {
				s.Note = "The update script ended with status 1: <table> `node` is locked"
			}
		case i < 350:
			s.Progress, s.Took, s.Window = fleet.SiteDone, 42000, 900
		case i < 400:
			s.Progress, s.Task = fleet.SiteRunning, "t-running"
		}
		p.Sites = append(p.Sites, s)
	}
}

// endManySites lets the thousand end.
func endManySites(p *fleet.Plan) {
	manySites(p)
	p.State, p.Ended = fleet.PlanFailed, after(3*time.Hour)
	for i, s := range p.Sites {
		if s.Progress == fleet.SiteRunning || s.Progress == fleet.SiteWaiting {
			p.Sites[i].Progress = fleet.SiteDone
		}
	}
	for i := range 3 {
		p.Sites[i].Progress, p.Sites[i].Note, p.Sites[i].Pinned = fleet.SiteBroken, "It has answered worse since its switch, and visitors have written to it", false
	}
}

func tellHeld(frozen bool, change func(*fleet.Plan)) fleet.Message {
	p := basePlan()
	change(&p)
	v := fleet.PlanView{Plan: p, Now: noon}
	if frozen {
		v.Frozen = []fleet.Freeze{{Until: after(48 * time.Hour), Reason: "Christmas *sales* <b>", By: alice}}
	}
	return fleet.TellPlan(v)
}

// waveCases are plans of many sites, and plans that are held back.
func waveCases() map[string]fleet.Message {
	closed := func(p *fleet.Plan) {
		p.Waves = 3
		for i := range p.Sites {
			p.Sites[i].Wave, p.Sites[i].Opens = i+1, after(time.Duration(i+9)*time.Hour).Unix()
		}
	}
	return map[string]fleet.Message{
		"thousand":        tellPlan(manySites),
		"thousand_paused": tellPlan(func(p *fleet.Plan) { manySites(p); p.State, p.Reason = fleet.PlanPaused, "Paused by bob." }),
		"thousand_ended":  tellPlan(endManySites),
		"scheduled":       tellHeld(false, closed),
		"frozen":          tellHeld(true, func(p *fleet.Plan) { p.Waves = 3 }),
		"waits_for_a_window": tellHeld(false, func(p *fleet.Plan) {
			confirmed(p, fleet.PlanApproved, p.Sites[0].Progress, p.Sites[1].Progress)
			closed(p)
		}),
	}
}
