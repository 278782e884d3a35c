package fleet

import (
	"fmt"
	"slices"
)

// draft is the rule of a proposal: which sites move, which are left out and
// why, or why nothing is to be done. Pure.
func (v *survey) draft(o Proposal) (Plan, error) {
	if o.Kind != Rollback {
		if err := v.to.Accepts(); err != nil {
			return Plan{}, err
		}
	}
	p := Plan{
		Kind: o.Kind, Scope: o.Scope, To: v.to.Name, State: PlanReading, Revision: 1, Quorum: 1,
		Requester: o.By, Channel: o.Channel, Replaces: o.Replaces, Reason: o.Because,
	}
	var first error
	right := 0 // sites that are where they should be
	for _, s := range v.sites {
		if v.settled(o, s) {
			right++
			continue
		}
		ps := PlanSite{URI: s.URI, Host: s.Host, From: s.Platform, Generation: s.Generation, Progress: SiteWaiting}
		if slices.Contains(o.Scope.Without, s.URI) {
			ps.Progress, ps.Note = SiteLeftOut, byRequest
			p.Sites = append(p.Sites, ps)
			continue
		}
		if err := v.whyNot(o, s); err != nil {
			if first == nil {
				first = err
			}
			ps.Progress, ps.Note, ps.Absent = SiteLeftOut, err.Text, v.to.Paths[s.Host] == ""
		}
		p.Sites = append(p.Sites, ps)
	}
	if len(moving(p)) == 0 {
		if first != nil {
			return p, first
		}
		if len(p.Sites) > 0 {
			return p, Errorf(Refused, "Every site would be left out.").WithHint("Cancel the plan instead.")
		}
		return p, v.upToDate(o, right)
	}
	v.rules(&p)
	p.From = mostlyFrom(p)
	p.Title = v.title(p)
	p.Fingerprint = FingerprintOf(snapshot(p, v.plats, moving(p)))
	return p, nil
}

// rules takes over what the distribution says about deciding.
func (v *survey) rules(p *Plan) {
	if v.dist == nil {
		p.Rules = v.def.Revision
		return
	}
	p.Distribution, p.Rules, p.Aim = v.dist.Name, v.dist.Rules, v.dist.Target
	p.Self = v.dist.Policy.Self
	p.limit(v.dist.Policy)
	if p.Channel == "" {
		p.Channel = v.dist.Policy.Channel
	}
}

// settled reports whether a site needs no move.
func (v *survey) settled(o Proposal, s Site) bool {
	switch o.Kind {
	case Upgrade:
		if o.By == offerer && len(o.Scope.Only) == 0 && v.dist.free(s) {
			return true // it has a plan of its own
		}
		return !OutOfDate(v.plats[s.Platform], *v.dist)
	case Migrate:
		return s.Platform == v.to.Name
	}
	return false
}

// whyNot says why a site cannot be in the plan; nil if it can.
func (v *survey) whyNot(o Proposal, s Site) *Error {
	switch {
	case o.Kind == Rollback && s.Previous == 0:
		return Errorf(Refused, "Site %s has no earlier copy to return to.", s.URI)
	case o.Kind == Rollback && s.From != v.to.Name:
		return Errorf(Refused, "Site %s would return to %s, not to %s.", s.URI, s.From, v.to.Name)
	case o.Kind != Rollback && s.Pinned != "" && !o.Unpin:
		return Errorf(Refused, "Site %s is pinned: %s", s.URI, s.Pinned).WithHint("Unpin it first: %s site unpin %s", Slash, s.URI)
	case s.State == SiteCreating || s.State == SiteFailed:
		return Errorf(Refused, "Site %s is not live: %s.", s.URI, s.State)
	case s.Lock.Task != "" || s.State == SiteMoving:
		return Errorf(Refused, "Site %s is being worked on by task %s.", s.URI, s.Lock.Task).WithHint("Try again when it has ended.")
	case v.to.Paths[s.Host] == "":
		return v.absent(s)
	case v.plats[s.Platform].Kind != v.to.Kind:
		return Errorf(Refused, "Site %s is of kind %s, and platform %s is of kind %s.", s.URI, v.plats[s.Platform].Kind, v.to.Name, v.to.Kind)
	}
	for _, p := range v.opens {
		if p.State.Undecided() {
			continue
		}
		if slices.ContainsFunc(p.in(SiteWaiting, SiteRunning, SiteHeld), func(x PlanSite) bool { return x.URI == s.URI }) {
			return Errorf(Refused, "Site %s is part of a plan under way: %s.", s.URI, p.Title).WithHint("Wait for its end, or stop it.")
		}
	}
	return nil
}

// absent says why the platform is not on a site's host.
func (v *survey) absent(s Site) *Error {
	if why := v.to.Missing[s.Host]; why != "" {
		return Errorf(Refused, "Platform %s is not on host %s, where %s is: %s", v.to.Name, s.Host, s.URI, why).
			WithHint("To build it there again: %s build %s --host %s", Slash, v.to.Name, s.Host)
	}
	if slices.Contains(v.to.Hosts, s.Host) {
		return Errorf(Refused, "Platform %s is still being built on host %s, where %s is.", v.to.Name, s.Host, s.URI)
	}
	return Errorf(Refused, "Platform %s is not on host %s, where %s is.", v.to.Name, s.Host, s.URI).
		WithHint("Build it there first: %s build %s --host %s", Slash, v.to.Name, s.Host)
}

// upToDate is the refusal when every site is where it should be.
func (v *survey) upToDate(o Proposal, right int) error {
	switch {
	case right == 0 && o.Scope.Platform != "" && !o.Scope.Whole:
		return Errorf(Refused, "Platform %s has no sites.", o.Scope.Platform)
	case right == 0 && v.dist != nil:
		return Errorf(Refused, "%s has no sites.", v.dist.Name)
	case o.Scope.Site != "" && o.Kind == Upgrade:
		return Errorf(Refused, "%s is up to date: it is on %s.", o.Scope.Site, v.to.Name)
	case o.Scope.Site != "":
		return Errorf(Refused, "%s is on %s already.", o.Scope.Site, v.to.Name)
	case v.dist == nil || o.Kind != Upgrade:
		return Errorf(Refused, "All %d sites are on %s already.", right, v.to.Name)
	case right == 1:
		return Errorf(Refused, "%s is up to date: its only site is on %s.", v.dist.Name, v.to.Name)
	}
	return Errorf(Refused, "%s is up to date: all %d sites are on %s.", v.dist.Name, right, v.to.Name)
}

// mostlyFrom is the platform that most sites come from.
func mostlyFrom(p Plan) PlatformName {
	count := map[PlatformName]int{}
	best := PlatformName("")
	for _, s := range moving(p) {
		if count[s.From]++; best == "" || count[s.From] > count[best] {
			best = s.From
		}
	}
	return best
}

// title names what a plan does: "Upgrade 3 sites of atrium from 1.0.0 to
// 1.1.0". Between distributions platforms are named in full.
func (v *survey) title(p Plan) string {
	verb := map[PlanKind]string{Upgrade: "Upgrade", Migrate: "Migrate", Rollback: "Roll back"}[p.Kind]
	sites := moving(p)
	what := string(sites[0].URI)
	if len(sites) > 1 {
		what = fmt.Sprintf("%d sites", len(sites))
		if v.dist != nil {
			what += " of " + string(v.dist.Name)
		}
	}
	name := Platform.Version
	if v.dist == nil || v.to.Distribution != v.dist.Name {
		name = func(p Platform) string { return string(p.Name) }
	}
	from := ""
	if !slices.ContainsFunc(sites, func(s PlanSite) bool { return s.From != p.From }) {
		from = " from " + name(v.plats[p.From])
	}
	return fmt.Sprintf("%s %s%s to %s", verb, what, from, name(v.to))
}

// snapshot is what a plan's fingerprint is taken over, from platforms that
// were read.
func snapshot(p Plan, plats map[PlatformName]Platform, sites []PlanSite) Snapshot {
	s := Snapshot{Kind: p.Kind, To: p.To, ToCommit: plats[p.To].identity(), Rules: p.Rules, FromCommit: map[PlatformName]string{}}
	for _, x := range sites {
		s.FromCommit[x.From] = plats[x.From].identity()
		s.Sites = append(s.Sites, PlanSite{URI: x.URI, From: x.From, Generation: x.Generation})
	}
	return s
}

// identity says which code a platform holds.
func (p Platform) identity() string {
	return p.Ref.Commit + " " + p.LockDigest + " " + p.TreeDigest
}
