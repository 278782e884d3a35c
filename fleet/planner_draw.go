package fleet

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// maxNotes bounds the findings that a plan keeps.
const maxNotes = 60

// A drawing is what a reading plan is completed from.
type drawing struct {
	present
	facts  map[PlatformName]PlatformFacts
	known  map[URI]SiteFacts // what the inspect tasks of this plan have read
	failed string            // why an inspect task failed, one sentence
	expiry time.Duration
	unkept string          // why the storage takes no approval now: a person has to confirm
	stops  map[string]bool // packages that keep some site from moving
}

// Draw completes a reading plan from the facts when all inspect tasks have
// ended: proposed, or failed with the reason. A plan that is not reading is
// returned as it is.
func (pl *Planner) Draw(ctx context.Context, id PlanID) (Plan, error) {
	p := Plan{ID: id}
	if err := One(ctx, pl.Store, &p, "plan "+string(id)); err != nil || p.State != PlanReading {
		return p, err
	}
	d, err := pl.gather(ctx, p)
	if err != nil {
		return p, err
	}
	if why := d.voided(p); why != "" {
		return p, pl.replace(ctx, p, why)
	}
	if p, err = pl.draw(ctx, id, d); CodeOf(err) == Refused {
		d.unkept = textOf(err)
		p, err = pl.draw(ctx, id, d)
	}
	return p, err
}

// draw commits what the facts make of a plan. Refused when the policy approves
// it and the storage would lose that.
func (pl *Planner) draw(ctx context.Context, id PlanID, d drawing) (p Plan, err error) {
	err = pl.Store.Update(ctx, PlanFamily(id), func(tx Tx) error {
		now := Plan{ID: id}
		if err := must(tx, &now, "plan "+string(id)); err != nil {
			return err
		}
		if p = now; now.State != PlanReading {
			return nil
		}
		p = DrawPlan(now, d, tx.Now())
		tx.Put(&p)
		tx.Emit(edited(SubjectOf(AboutPlan, string(id))))
		if p.State == PlanFailed {
			tx.Emit(audited(tx, System("planner"), "plan.failed", string(id), "reason", p.Reason))
			return nil
		}
		tx.Emit(audited(tx, p.Requester, "plan.proposed", string(id), "fingerprint", p.Fingerprint, "title", p.Title))
		if p.State == PlanApproved {
			Last(tx, Lasting{Authorises: true})
			tx.Emit(audited(tx, offerer, "plan.confirmed", string(id), "fingerprint", p.Fingerprint), Effect{Advance: id})
		}
		return nil
	})
	return p, err
}

// voided says why a plan need not be completed: what it leads to has changed
// while the facts were read. That sites moved is no reason, they are read anew.
func (d drawing) voided(p Plan) string {
	d.snapshot = Snapshot{}
	p.Fingerprint = FingerprintOf(d.snapshot)
	return d.untrue(p)
}

// gather reads what the drawing needs: the world, the facts of platforms and
// sites, and how the inspect tasks ended.
func (pl *Planner) gather(ctx context.Context, p Plan) (drawing, error) {
	d := drawing{facts: map[PlatformName]PlatformFacts{}, known: map[URI]SiteFacts{}}
	var err error
	if d.present, err = pl.present(ctx, p, p.in(SiteWaiting)); err != nil {
		return d, err
	}
	d.expiry = expiry(&d.dist)
	for name := range d.plats {
		f := PlatformFacts{Platform: name}
		found, err := pl.Store.Read(ctx, &f)
		if err != nil {
			return d, err
		}
		if found[0] {
			d.facts[name] = f
		}
	}
	read, err := pl.inspected(ctx, p, &d)
	if err != nil {
		return d, err
	}
	rows, err := readRows(ctx, pl.Store, read, factsRow)
	for _, f := range rows {
		if s, ok := d.sites[f.URI]; ok && s.Generation == f.Generation {
			d.known[f.URI] = f
		}
	}
	return d, err
}

// inspected lists the sites of the inspect tasks that went well.
func (pl *Planner) inspected(ctx context.Context, p Plan, d *drawing) ([]string, error) {
	var out []string
	for _, ref := range p.Reads {
		t := Task{ID: ref.ID, Host: ref.Host}
		found, err := pl.Store.Read(ctx, &t)
		if err != nil {
			return nil, err
		}
		if !found[0] || t.State != TaskDone {
			d.failed = "The facts on host " + string(ref.Host) + " could not be read: " + t.Reason
			if t.Reason == "" {
				d.failed = "The facts on host " + string(ref.Host) + " could not be read."
			}
			continue
		}
		for _, u := range t.Sites {
			out = append(out, string(u))
		}
	}
	return out, nil
}

// DrawPlan is the rule that completes a reading plan: each site compared,
// blocked ones left out, waves, fingerprint and expiry set. Failed with the
// reason when no site is left to move or nothing could be read. Pure.
func DrawPlan(p Plan, d drawing, now time.Time) Plan {
	p.Sites = slices.Clone(p.Sites)
	p.Revision++
	if len(p.Reads) > 0 && len(d.known) == 0 && d.failed != "" {
		return endPlan(p, PlanFailed, d.failed, now)
	}
	d.refresh(&p)
	d.stops = map[string]bool{}
	p.Notes = d.notes(&p)
	base := d.rows(&p)
	if len(p.Notes) > maxNotes {
		p.Notes = append(p.Notes[:maxNotes:maxNotes], Finding{Text: fmt.Sprintf("There are %d more notes.", len(p.Notes)-maxNotes)})
	}
	d.rank(&p)
	shape, err := ParseWaves(d.dist.Policy.Waves)
	if err != nil {
		return endPlan(p, PlanFailed, textOf(err), now)
	}
	p.Sites, p.Waves = AssignWaves(p.Sites, shape)
	p.limit(d.dist.Policy)
	d.look(&p, now)
	if p.Waves == 0 {
		return endPlan(p, PlanFailed, "No site can be moved. "+firstNote(p), now)
	}
	if len(moving(p)) == 1 && base <= MaxRows {
		d.pending(&p)
	}
	p.Rules, p.Rule, p.Quorum = d.dist.Rules, d.rule, d.rule.Terms().Total()
	p.Fingerprint, p.Basis = FingerprintOf(snapshot(p, d.plats, moving(p))), d.basis()
	p.State, p.Proposed, p.Expires = PlanProposed, now, now.Add(d.expiry)
	switch free := d.freely(p); {
	case free && d.unkept != "":
		p.Notes = append(p.Notes, Finding{Text: "The policy would approve this by itself, but: " + d.unkept})
	case free:
		p.State = PlanApproved
	}
	return p
}

// rows compares the plan's platforms: what keeps a site from moving first, then
// as Compare orders them, MaxRows of them. It gives how many there are in all.
func (d drawing) rows(p *Plan) int {
	p.Rows, p.More = Compare(d.facts[p.From], d.facts[p.To], nil).Rows, 0
	for i, r := range p.Rows {
		p.Rows[i].Blocks = r.Blocks || d.stops[r.Package]
	}
	slices.SortStableFunc(p.Rows, func(a, b Row) int { return bit(b.Blocks) - bit(a.Blocks) })
	all := len(p.Rows)
	if all > MaxRows {
		p.Rows, p.More = p.Rows[:MaxRows], all-MaxRows
	}
	return all
}

// rank marks the canary and takes over the priorities of sites.
func (d drawing) rank(p *Plan) {
	for i, s := range p.Sites {
		now := d.sites[s.URI]
		p.Sites[i].Canary, p.Sites[i].Priority = d.dist.Policy.isCanary(now), now.Priority
	}
}

// limit takes over how much may fail and be under way at once.
func (p *Plan) limit(policy Policy) {
	p.Failures = policy.Budget(len(moving(*p)))
	p.AtOnce, p.PerHost = policy.AtOnce, policy.PerHost
}

func firstNote(p Plan) string {
	for _, s := range p.Sites {
		if s.Note != "" {
			return s.Note
		}
	}
	return ""
}

// endPlan ends a plan with a reason for people.
func endPlan(p Plan, s PlanState, reason string, now time.Time) Plan {
	p.State, p.Reason, p.Ended = s, Clean(reason, 300), now
	return p
}

// refresh takes over how sites are now, and leaves out those that need no move
// any more or have gone where the plan knows nothing of.
func (d drawing) refresh(p *Plan) {
	for i, s := range p.Sites {
		if s.Progress != SiteWaiting {
			continue
		}
		now, ok := d.sites[s.URI]
		switch {
		case !ok || now.Platform != s.From:
			p.Sites[i].Progress, p.Sites[i].Note = SiteLeftOut, d.drift(s)
		default:
			p.Sites[i].Generation = now.Generation
		}
	}
}

// pending marks the rows with the only site's updates.
func (d drawing) pending(p *Plan) {
	f := d.known[moving(*p)[0].URI]
	for i, r := range p.Rows {
		p.Rows[i].Pending = f.Pending[r.Package]
	}
}

// notes compares every site, leaves out the blocked ones, and gives the
// findings: one line for what holds for all of them, blocks first.
func (d drawing) notes(p *Plan) []Finding {
	if p.Kind == Rollback {
		return nil
	}
	var found []Finding
	var unread []string
	count, sites := map[Finding]int{}, 0
	for i, s := range p.Sites {
		if s.Progress != SiteWaiting {
			continue
		}
		sites++
		c := d.compare(s, p.To)
		p.Sites[i].Pending = c.Pending
		for _, r := range c.Rows {
			if r.Blocks {
				d.stops[r.Package] = true
			}
		}
		if _, ok := d.known[s.URI]; !ok && len(p.Reads) > 0 {
			unread = append(unread, string(s.URI))
		}
		for _, f := range c.Findings {
			if f.Block && p.Sites[i].Progress == SiteWaiting {
				p.Sites[i].Progress, p.Sites[i].Note = SiteLeftOut, f.Text
			}
			f.Site = s.URI
			found = append(found, f)
			count[Finding{Block: f.Block, Text: f.Text}]++
		}
	}
	if len(unread) > 0 {
		found = append(found, Finding{Text: fmt.Sprintf("What %s use%s could not be read: %s. %s",
			Plural(len(unread), "site", "sites"), third(len(unread)), listing(unread), d.failed)})
	}
	for _, name := range []PlatformName{p.From, p.To} {
		if _, ok := d.facts[name]; !ok {
			found = append(found, Finding{Text: "The packages of platform " + string(name) + " are not known."})
		}
	}
	return gathered(found, count, sites)
}

func (d drawing) compare(s PlanSite, to PlatformName) Comparison {
	a, ok1 := d.facts[s.From]
	b, ok2 := d.facts[to]
	if !ok1 || !ok2 {
		return Comparison{}
	}
	if f, ok := d.known[s.URI]; ok {
		return Compare(a, b, &f)
	}
	return Compare(a, b, nil)
}

// gathered makes one finding of those that hold for every site, and puts the
// blocks first.
func gathered(found []Finding, count map[Finding]int, sites int) []Finding {
	var blocks, warnings []Finding
	told := map[Finding]bool{}
	for _, f := range found {
		key := Finding{Block: f.Block, Text: f.Text}
		if sites > 1 && count[key] == sites {
			f.Site = ""
		}
		f.Text = strings.TrimSpace(f.Text)
		if told[f] {
			continue
		}
		told[f] = true
		if f.Block {
			blocks = append(blocks, f)
		} else {
			warnings = append(warnings, f)
		}
	}
	return append(blocks, warnings...)
}
