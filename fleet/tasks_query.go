package fleet

import (
	"cmp"
	"context"
	"slices"
)

// A TaskQuery selects tasks; empty fields select all.
type TaskQuery struct {
	Host  HostName
	State TaskState
	About string // a platform's name or a site's address
	Plan  PlanID
	Open  bool // only those that have not ended
	// Limit and Offset make pages, newest first; Limit 0 means 50.
	Limit, Offset int
}

func (q TaskQuery) selects(t Task) bool {
	return (q.State == "" || t.State == q.State) && (q.About == "" || t.About == q.About) && (q.Plan == "" || t.Plan == q.Plan) &&
		(!q.Open || !t.State.Final())
}

// Bounds of a query: rows are read in batches, and no more of a host than that.
const (
	queryBatch = 200
	queryMost  = 20_000
)

// Query gives the page of tasks that are selected, newest first, and whether
// there are more. What can be trusted is returned also with an error that names
// the rest (Distrusted).
func (ts *Tasks) Query(ctx context.Context, q TaskQuery) ([]Task, bool, error) {
	if q.Limit <= 0 {
		q.Limit = 50
	}
	hosts := []HostName{q.Host}
	if q.Host == "" {
		var err error
		if hosts, err = hostsOf(ctx, ts.Store); err != nil {
			return nil, false, err
		}
	}
	var out []Task
	var bad []string
	for _, h := range hosts {
		list, worse, err := ts.ofHost(ctx, h, q)
		if err != nil {
			return nil, false, err
		}
		out, bad = append(out, list...), append(bad, worse...)
	}
	slices.SortStableFunc(out, func(a, b Task) int {
		return cmp.Or(b.Created.Compare(a.Created), cmp.Compare(b.ID, a.ID))
	})
	end := q.Offset + q.Limit
	page, err := looked(out[min(q.Offset, len(out)):min(end, len(out))], bad, nil)
	return page, len(out) > end, err
}

// ofHost reads the newest tasks of a host that are selected, one more than the
// page needs.
func (ts *Tasks) ofHost(ctx context.Context, h HostName, q TaskQuery) (out []Task, bad []string, err error) {
	ixs := []Index{TasksOf(h)}
	if q.Open {
		ixs = []Index{TasksDue(h), TasksHeld(h)}
	}
	for _, ix := range ixs {
		need := len(out) + q.Offset + q.Limit + 1
		if q.Open {
			need = queryMost // these are few, and not in the order of age
		}
		for at := 0; len(out) < need && at < queryMost; at += queryBatch {
			ids, err := ts.Store.List(ctx, ix, Page{Descending: true, Offset: at, Limit: queryBatch})
			if err != nil || len(ids) == 0 {
				if err != nil {
					return nil, nil, err
				}
				break
			}
			rows, worse, err := soundRows(ctx, ts.Store, ids, taskRowOf(h))
			if err != nil {
				return nil, nil, err
			}
			bad = append(bad, worse...)
			for _, t := range rows {
				if q.selects(t) {
					out = append(out, t)
				}
			}
		}
	}
	return out, bad, nil
}
