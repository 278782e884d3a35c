package fleet

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"
)

// moveProtocol is the protocol of workers that know of moves between hosts.
const moveProtocol = 3

// Transits brings sites from one host to another.
type Transits struct {
	Store  Store
	ID     func() string // makes ULIDs in lower case; nil means NewID
	Silent time.Duration // as of Hosts
}

// A TransitOrder asks for a site to be moved to another host.
type TransitOrder struct {
	Task       TaskID // its id, so that ordering it twice orders it once; "" makes one
	URI        URI
	To         HostName
	Generation int64 // the site must still have it; 0 does not ask
	Dry        bool  // only look, and tell what would happen
	Channel    string
}

// Order orders the move of a site, or with Dry a look at it; a platform that the
// other host lacks is ordered there, too. The task's Params: "to_host",
// "generation", "keep_hours", "dry". Errors: Refused or Held with what is in the
// way, Conflict while a task works on the site.
func (ts *Transits) Order(ctx context.Context, o TransitOrder, who Actor) (Task, error) {
	if err := ts.paused(ctx, o); err != nil {
		return Task{}, err
	}
	id, build := o.Task, TaskID(idOr(ts.ID))
	if id == "" {
		id = TaskID(idOr(ts.ID))
	}
	var task Task
	err := ts.Store.Update(ctx, Catalogue, func(tx Tx) error {
		s, err := mustSite(tx, o.URI)
		if err != nil {
			return err
		}
		p, d, err := ts.mayMove(tx, s, o)
		if err != nil {
			return err
		}
		hours := d.Policy.Keep
		if hours <= 0 {
			hours = DefaultKeep
		}
		task = Task{
			ID: id, Kind: TaskMove, Host: s.Host, About: string(s.URI), By: who, State: TaskQueued, Created: tx.Now(), Needs: moveProtocol,
			Params: map[string]string{
				ParamTo: string(o.To), ParamGeneration: strconv.FormatInt(s.Generation, 10), ParamPlatform: string(p.Name),
				ParamKeep: strconv.Itoa(hours),
			},
			Shows: SubjectOf(AboutTask, string(id)), Channel: o.Channel, Urgent: true,
		}
		what := "site.move"
		switch {
		case o.Dry:
			task.Params[ParamDry], what = "1", "site.move.look"
		case p.Paths[o.To] == "" && !p.Awaits(o.To):
			p = extend(tx, p, Extension{Platform: p.Name, Host: o.To, By: who, Channel: o.Channel}, build)
			tx.Put(&p)
		}
		Last(tx, Lasting{Authorises: !o.Dry})
		tx.Emit(Effect{Task: &task}, shown(task.Shows, o.Channel), audited(tx, who, what, string(s.URI), "from", string(s.Host), "to", string(o.To), "task", string(id)))
		return nil
	})
	return task, err
}

// Awaits reports whether the build of a ready platform on one host more is under
// way.
func (p Platform) Awaits(h HostName) bool {
	return p.Paths[h] == "" && p.Missing[h] == "" && slices.Contains(p.Hosts, h)
}

// paused refuses hosts whose intake people have stopped. It is not guarded: who
// pauses a host after this finds the task waiting there.
func (ts *Transits) paused(ctx context.Context, o TransitOrder) error {
	s := Site{URI: o.URI}
	if err := One(ctx, ts.Store, &s, "site "+clip(string(o.URI), 200)); err != nil {
		return err
	}
	for _, h := range []HostName{s.Host, o.To} {
		seat := Seat{Host: h}
		if _, err := ts.Store.Read(ctx, &seat); err != nil {
			return err
		}
		if seat.Paused != nil {
			return Errorf(Refused, "The intake of host %s is paused, so nothing is moved from or to it.", h).
				WithHint("To let it begin tasks again: %s hosts resume %s", Slash, h)
		}
	}
	return nil
}

// mayMove is what must be true for a site to be moved.
func (ts *Transits) mayMove(tx Tx, s Site, o TransitOrder) (Platform, Distribution, error) {
	p, d := Platform{}, Distribution{}
	if err := movable(s, o, tx.Now()); err != nil {
		return p, d, err
	}
	from, err := ts.partner(tx, s.Host)
	if err != nil {
		return p, d, err
	}
	to, err := ts.partner(tx, o.To)
	if err != nil {
		return p, d, err
	}
	if from.Door.Address == "" {
		return p, d, Errorf(Refused, "Host %s has no address at which %s could fetch the site.", from.Name, to.Name).
			WithHint("Set DISTROBOT_MOVE_LISTEN there and restart its worker; docs/hosts.md says how.")
	}
	if p, err = mustPlatform(tx, s.Platform); err != nil {
		return p, d, err
	}
	if p.Paths[o.To] == "" && !p.Awaits(o.To) {
		if err := p.extends(o.To); err != nil {
			return p, d, err
		}
	}
	facts := PlatformFacts{Platform: p.Name}
	if _, err := tx.Get(&facts); err != nil {
		return p, d, err
	}
	if to.PHP != "" && facts.PHP != "" {
		if err := RunsOn(facts.PHP, to.PHP); err != nil {
			return p, d, err
		}
	}
	if p.Distribution != "" {
		if d, err = mustDist(tx, p.Distribution); err != nil {
			return p, d, err
		}
	}
	return p, d, mayBegin(tx, d, s)
}

// movable is what the site itself says.
func movable(s Site, o TransitOrder, now time.Time) error {
	switch {
	case s.Host == o.To:
		return Errorf(Refused, "Site %s is on host %s already.", s.URI, o.To)
	case s.State == SiteCreating || s.State == SiteFailed:
		return Errorf(Refused, "Site %s is not there yet: its state is %s.", s.URI, s.State)
	case s.Lock.Held("", now):
		return busyWith(s)
	case o.Generation != 0 && o.Generation != s.Generation:
		return Errorf(Refused, "Site %s has changed since: it is at generation %d now, not %d.", s.URI, s.Generation, o.Generation).
			WithHint("Look again: %s site move %s %s", Slash, s.URI, o.To)
	case s.Pinned != "":
		return Errorf(Refused, "Site %s is pinned: %s", s.URI, s.Pinned).WithHint("Unpin it first: %s site unpin %s", Slash, s.URI)
	}
	return nil
}

// partner gives a host that can take part in a move.
func (ts *Transits) partner(tx Tx, name HostName) (Host, error) {
	h := Host{Name: name}
	found, err := tx.Get(&h)
	if err != nil {
		return h, err
	}
	silent := (&Hosts{Silent: ts.Silent}).limit()
	switch {
	case !found:
		err = Errorf(NotFound, "There is no host %q.", Clean(string(name), 60)).WithHint("See what there is: %s hosts", Slash)
	case h.Silent(tx.Now(), silent):
		err = Errorf(Refused, "Host %s is silent, heard of last: %s.", name, Moment(h.Seen))
	case h.State != HostWorking:
		err = Errorf(Refused, "Host %s is %s.", name, h.State)
	case h.Backend == "aegir":
		err = Errorf(Refused, "Host %s is driven by Aegir, which brings sites from one server to another itself.", name).
			WithHint("Use its remote import; the next look at that host finds the site there.")
	case h.Backend != "local":
		err = Errorf(Refused, "Host %s is driven by the backend %q; distrobot itself moves only sites of the backend local.", name, Clean(h.Backend, 40))
	case h.Protocol < moveProtocol:
		err = Errorf(Refused, "The worker of host %s is version %s, which knows nothing of moves.", name, Clean(h.Version, 40)).WithHint("Update it there.")
	}
	return h, err
}

// Of gives the last move of a site; false if there was none.
func (ts *Transits) Of(ctx context.Context, uri URI) (Transit, bool, error) {
	m := Transit{URI: uri}
	found, err := ts.Store.Read(ctx, &m)
	return m, err == nil && found[0], err
}

// Begin records that a sending task, which holds the site, has begun to move it;
// the row of an earlier move gives way. Beginning again changes nothing.
func (ts *Transits) Begin(ctx context.Context, m Transit) error {
	return ts.Store.Update(ctx, Catalogue, func(tx Tx) error {
		have, s := Transit{URI: m.URI}, Site{URI: m.URI}
		if _, err := tx.Get(&have); err != nil {
			return err
		}
		if _, err := tx.Get(&s); err != nil {
			return err
		}
		if have.Send == m.Send {
			return nil
		}
		if s.Lock.Task != m.Send || s.Generation != m.Generation {
			return Errorf(Refused, "Site %s has changed since its move was ordered.", m.URI)
		}
		next := m
		next.State, next.Began, next.Receive = TransitBegun, tx.Now(), m.Send+"-"+TaskID(fold(string(m.To)))
		next.Fence = have.Fence
		tx.Put(&next)
		return nil
	})
}

// Step brings a move one state further: see StepTransit. When the first copy is
// offered, the receiving task is ordered in the same commit.
func (ts *Transits) Step(ctx context.Context, c TransitStep, send Task) error {
	return ts.change(ctx, c.URI, func(tx Tx, m Transit) (Transit, error) {
		next, err := StepTransit(m, c, tx.Now())
		if err == nil && c.To == TransitCopying && m.State == TransitBegun {
			tx.Emit(Effect{Task: &Task{
				ID: next.Receive, Kind: TaskReceive, Host: next.To, About: string(next.URI), By: send.By, State: TaskQueued, Created: tx.Now(), Needs: moveProtocol,
				Params: map[string]string{ParamFrom: string(next.From), ParamPlatform: string(next.Platform)},
				Shows:  send.Shows, Channel: send.Channel, Urgent: true,
			}})
		}
		return next, err
	})
}

// Fail ends a move without effect: see FailTransit.
func (ts *Transits) Fail(ctx context.Context, uri URI, task TaskID, reason string) error {
	return ts.change(ctx, uri, func(tx Tx, m Transit) (Transit, error) { return FailTransit(m, task, reason, tx.Now()) })
}

// change applies a rule to the row of a move.
func (ts *Transits) change(ctx context.Context, uri URI, rule func(Tx, Transit) (Transit, error)) error {
	return ts.Store.Update(ctx, Catalogue, func(tx Tx) error {
		m := Transit{URI: uri}
		if err := must(tx, &m, "move of "+string(uri)); err != nil {
			return err
		}
		next, err := rule(tx, m)
		if err != nil {
			return err
		}
		tx.Put(&next)
		return nil
	})
}

// Fence gives the move and the site with a fence for this claim of the receiving
// task: see FenceTransit.
func (ts *Transits) Fence(ctx context.Context, t TransitClaim) (Transit, Site, error) {
	var out Transit
	var site Site
	err := ts.pair(ctx, t.URI, func(tx Tx, m Transit, s Site, epoch int64) (err error) {
		if out, err = FenceTransit(m, s, t, epoch); err == nil && out.Claim != m.Claim {
			next := out
			tx.Put(&next)
		}
		site = s
		return err
	})
	return out, site, err
}

// Take makes the site the new host's, in one commit: see TakeSite.
func (ts *Transits) Take(ctx context.Context, t TransitClaim) (Site, error) {
	var out Site
	err := ts.pair(ctx, t.URI, func(tx Tx, m Transit, s Site, epoch int64) error {
		site, next, err := TakeSite(s, m, t, epoch, tx.Now())
		out = site
		if err != nil || m.Taken() {
			return err
		}
		Last(tx, Lasting{Authorises: true})
		tx.Put(&site)
		tx.Put(&next)
		tx.Emit(audited(tx, next.By, "site.rehosted", string(s.URI), "from", string(m.From), "to", string(m.To), "task", string(t.Task)))
		return nil
	})
	return out, err
}

// pair applies a rule to a move and its site.
func (ts *Transits) pair(ctx context.Context, uri URI, rule func(tx Tx, m Transit, s Site, epoch int64) error) error {
	return ts.Store.Update(ctx, Catalogue, func(tx Tx) error {
		m, epoch := Transit{URI: uri}, Epoch{N: 1}
		if err := must(tx, &m, "move of "+string(uri)); err != nil {
			return err
		}
		s, err := mustSite(tx, uri)
		if err != nil {
			return err
		}
		if _, err := tx.Get(&epoch); err != nil {
			return err
		}
		return rule(tx, m, s, epoch.N)
	})
}

// Sentence tells people where a site came from, "" if that does not matter any
// more at now: its old host keeps nothing of it.
func (m Transit) Sentence(now time.Time) string {
	if !m.Taken() || now.After(m.KeptUntil) {
		return ""
	}
	return strings.Join([]string{
		"It was moved from host", string(m.From), "on", Moment(m.Ended) + "; that host keeps its closed copy until",
		Moment(m.KeptUntil) + ". To bring the site back with all that was written since:", Slash, "site move", string(m.URI), string(m.From),
	}, " ")
}
