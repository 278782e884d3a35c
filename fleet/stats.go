package fleet

import (
	"cmp"
	"context"
	"math"
	"slices"
	"time"
)

// Stats are the figures of upgrades: how they went, how long sites were away,
// and how long versions took to reach the last site.
type Stats struct {
	Distribution DistName      // "" is the whole fleet
	From, At     time.Time     // plans that were drawn between them are counted
	Asked        time.Duration // how far back was asked for; plans are forgotten after Keep
	Keep         time.Duration // 0: never
	Plans        int
	Left         int // older plans of that time that were not read, since there are too many
	Done         int // moves of sites that went well
	Back         int // that failed, with the site back on its old platform
	Broken       int // that failed and need a person, or whose end nobody can tell
	Returned     int // sites that people brought back by a plan of their own
	Windows      []time.Duration
	Rollouts     []Rollout // the newest announced first
}

// Moves is how many moves have ended.
func (s Stats) Moves() int { return s.Done + s.Back + s.Broken }

// MaxStatsPlans bounds how many plans are read for one answer, the newest first.
const MaxStatsPlans = 500

// statsBatch is how many plans are read at once: one of a thousand sites is long.
const statsBatch = 20

// Stats counts what the plans of the last so long say, and what is known of
// upgrade targets. A plan that cannot be trusted is not counted.
func (t *Trends) Stats(ctx context.Context, of DistName, last time.Duration) (Stats, error) {
	now, err := clockOf(ctx, t.Store, Feeds)
	if err != nil {
		return Stats{}, err
	}
	out := Stats{Distribution: of, Asked: last, Keep: max(t.Keep, 0), At: now, From: now.Add(-last)}
	ids, err := t.plansSince(ctx, out.From)
	if err != nil {
		return out, err
	}
	out.Left = max(0, len(ids)-MaxStatsPlans)
	for some := range slices.Chunk(ids[:len(ids)-out.Left], statsBatch) {
		plans, _, err := soundRows(ctx, t.Store, some, planRow)
		if err != nil {
			return out, err
		}
		for _, p := range plans {
			out.count(p)
		}
	}
	slices.Sort(out.Windows)
	courses, err := t.courses(ctx)
	for _, c := range courses {
		if of == "" || fold(string(of)) == fold(string(c.Distribution)) {
			for _, r := range c.Rollouts {
				r.Distribution = c.Distribution
				out.Rollouts = append(out.Rollouts, r)
			}
		}
	}
	slices.SortFunc(out.Rollouts, func(a, b Rollout) int {
		return cmp.Or(b.Announced.Compare(a.Announced), b.Target.Compare(a.Target), cmp.Compare(a.Platform, b.Platform))
	})
	return out, err
}

// plansSince lists the plans that were drawn since a time, newest first: their
// ids begin with it.
func (t *Trends) plansSince(ctx context.Context, from time.Time) ([]string, error) {
	var ids []string
	for _, fam := range PlanFamilies() {
		some, err := t.Store.List(ctx, PlansBy(fam), Page{From: from.UnixMilli(), Descending: true, Limit: 4 * MaxStatsPlans})
		if err != nil {
			return nil, err
		}
		ids = append(ids, some...)
	}
	slices.Sort(ids)
	slices.Reverse(ids)
	return ids, nil
}

// count adds what became of the sites of a plan. Sites that were left out, or
// whose turn never came, were not moved.
func (s *Stats) count(p Plan) {
	if s.Distribution != "" && fold(string(p.Distribution)) != fold(string(s.Distribution)) {
		return
	}
	ended := 0
	for _, x := range p.Sites {
		done, back, broken := bit(x.Progress == SiteDone), bit(x.Progress == SiteBack), bit(x.Progress == SiteBroken)
		ended += done + back + broken
		if p.Kind == Rollback {
			s.Returned += done
			continue
		}
		s.Done, s.Back, s.Broken = s.Done+done, s.Back+back, s.Broken+broken
		if done == 1 && x.Window > 0 {
			s.Windows = append(s.Windows, x.Window.Std())
		}
	}
	s.Plans += bit(ended > 0)
}

// Quantile gives the value of sorted ones below or at which a share of them lies
// (nearest rank); 0 of none.
func Quantile(sorted []time.Duration, share float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	rank := int(math.Ceil(share * float64(len(sorted))))
	return sorted[min(max(rank, 1), len(sorted))-1]
}
