package fleet

import (
	"fmt"
	"time"
)

// places are how many more sites may be under way.
type places struct {
	all, perHost int // perHost 0 is no limit
	on           map[HostName]int
}

// room counts what a plan's limits leave.
func (p Plan) room() places {
	out := places{all: p.AtOnce, perHost: p.PerHost, on: map[HostName]int{}}
	if out.all == 0 {
		out.all = DefaultAtOnce
	}
	for _, s := range p.Sites {
		if s.underWay() {
			out.all--
			out.on[s.Host]++
		}
	}
	return out
}

// take uses up a place on a host; false if there is none.
func (r *places) take(h HostName) bool {
	if r.all <= 0 || r.perHost > 0 && r.on[h] >= r.perHost {
		return false
	}
	r.all--
	r.on[h]++
	return true
}

// candidates are the sites that MovePlan has to know, the first ones of those
// that could begin at a time; more than there is room for, since some will be
// left out or find their window closed.
func (p Plan) candidates(now time.Time) []PlanSite {
	room, wave := p.room(), p.mayStart()
	if room.all <= 0 || wave == 0 {
		return nil
	}
	most := min(2*room.all+20, rowsAtOnce)
	var out []PlanSite
	for _, s := range p.Sites {
		full := room.perHost > 0 && room.on[s.Host] >= room.perHost
		if s.Wave == wave && s.unstarted() && s.Opens <= now.Unix() && !full && len(out) < most {
			out = append(out, s)
		}
	}
	return out
}

// heldBack says what a plan with nothing under way waits for, if that is a time
// or a host; "" otherwise.
func (p Plan) heldBack(w present, now time.Time) string {
	wave := p.mayStart()
	if p.State != PlanApproved && p.State != PlanRunning || !p.waveOver() || wave == 0 {
		return ""
	}
	if f := w.frozen(p, now); f != nil {
		return fmt.Sprintf("Held back until %s. %s", Moment(f.Until), f.text())
	}
	n, at := p.closed(now)
	if n > 0 {
		return fmt.Sprintf("%s %s.", Plural(n, "site waits for its maintenance window, which opens", "sites wait for their maintenance windows; the first opens"), Moment(at))
	}
	for _, s := range p.Sites {
		if last, mute := w.silent[s.Host]; mute && s.unstarted() && s.Wave == wave {
			return fmt.Sprintf("Host %s was heard of last: %s. Its sites wait.", s.Host, Moment(last))
		}
	}
	return ""
}

// closed counts the sites whose turn it is and whose window is known to be
// closed at a time, and gives when the first one opens.
func (p Plan) closed(now time.Time) (n int, first time.Time) {
	wave := p.mayStart()
	for _, s := range p.Sites {
		if !s.unstarted() || s.Wave != wave || s.Opens <= now.Unix() {
			continue
		}
		if at := time.Unix(s.Opens, 0); n == 0 || at.Before(first) {
			first = at
		}
		n++
	}
	return n, first
}

// frozen gives the freeze that holds a plan back; nil if none does. The way back
// is never held.
func (w present) frozen(p Plan, now time.Time) *Freeze {
	if p.Kind == Rollback {
		return nil
	}
	return longest(w.freezes, now)
}

// opens gives the Unix second at which a site's window opens, 0 if it is open.
// A window that cannot be read, or never opens, is looked at again in an hour.
func (w present) opens(p Plan, s PlanSite, now time.Time) int64 {
	if p.Kind == Rollback {
		return 0
	}
	win, err := siteWindow(w.dist.Policy, w.sites[s.URI])
	open, at := win.Open(now)
	switch {
	case err == nil && open:
		return 0
	case err != nil || at.IsZero():
		return now.Add(time.Hour).Unix()
	}
	return at.Unix()
}
