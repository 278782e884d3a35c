package fleet

import (
	"context"
	"fmt"
)

// tellTrials is for how many sites of a plan the rehearsals are looked up.
const tellTrials = 100

// tried reads the rehearsals of a proposed plan's sites that still hold: of
// this move, from this generation.
func (n *Narrator) tried(ctx context.Context, p Plan) ([]Rehearsal, error) {
	if p.State != PlanProposed || p.Kind == Rollback {
		return nil, nil
	}
	sites := moving(p)
	sites = sites[:min(len(sites), tellTrials)]
	rows, recs := make([]Rehearsal, len(sites)), make([]Record, len(sites))
	for i, s := range sites {
		rows[i].URI = s.URI
		recs[i] = &rows[i]
	}
	if len(recs) == 0 {
		return nil, nil
	}
	found, err := n.Store.Read(ctx, recs...)
	if err != nil {
		return nil, err
	}
	var out []Rehearsal
	for i, r := range rows {
		if found[i] && r.To == p.To && r.From == sites[i].From && r.Generation == sites[i].Generation {
			out = append(out, r)
		}
	}
	return out, nil
}

// tellTried says how the rehearsals of a plan's n sites went: how long visitors
// would wait at most, and each that failed.
func tellTried(tried []Rehearsal, n int) []Line {
	if len(tried) == 0 {
		return nil
	}
	var good int
	var window Duration
	var out []Line
	for _, r := range tried {
		if !r.OK {
			out = append(out, Item("⛔ The rehearsal of "+Clean(string(r.URI), 80)+" failed: ", tellSentence(r.Reason)))
			continue
		}
		good++
		window = max(window, r.Window)
	}
	if good == 0 {
		return out
	}
	of := Plural(n, "site", "sites")
	if good < n {
		of = fmt.Sprintf("%d of %s", good, of)
	}
	return append([]Line{Say(Bold("Rehearsed: "), fmt.Sprintf("%s; visitors would wait about %s.", of, tellDuration(window.Std())))}, out...)
}
