package fleet

import (
	"context"
	"errors"
)

// A Redrawer brings messages back to the truth when Redis may have gone back in
// time: a replica without the last writes took over, or a server came back
// without them. What a message shows may then be ahead of what is stored (a
// press that was answered, and is not known any more), and so may be the note of
// what it shows.
type Redrawer struct{ Store Store }

// serverSeen remembers which server the messages were true for.
type serverSeen struct {
	ID string `json:"id"`
}

// Key implements Record.
func (s *serverSeen) Key() Key { return Key{Slack, "server", "seen"} }

// Entries implements Record.
func (s *serverSeen) Entries() []Entry { return nil }

// Look compares the server that answers now, named by what changes with each of
// its lives, with the one that answered before. If it is another, the messages of
// all that is open are sent again, whatever they are thought to show; Look gives
// how many. Any replica may call it at any time.
func (r *Redrawer) Look(ctx context.Context, server string) (int, error) {
	seen := serverSeen{}
	known, err := r.Store.Read(ctx, &seen)
	if err != nil || known[0] && seen.ID == server {
		return 0, err
	}
	n := 0
	if known[0] {
		if n, err = r.all(ctx); err != nil {
			return n, err
		}
	}
	return n, r.Store.Update(ctx, Slack, func(tx Tx) error {
		now := serverSeen{}
		if _, err := tx.Get(&now); err != nil {
			return err
		}
		now.ID = server
		tx.Put(&now)
		return nil
	})
}

// all makes the posts of every open plan and task due. One whose record cannot
// be trusted holds up no other.
func (r *Redrawer) all(ctx context.Context) (int, error) {
	subjects := map[Subject]bool{}
	for _, fam := range PlanFamilies() {
		ids, err := r.Store.List(ctx, OpenPlans(fam), Page{})
		if err != nil {
			return 0, err
		}
		for _, id := range ids {
			subjects[SubjectOf(AboutPlan, id)] = true
		}
	}
	tasks, _, err := (&Tasks{Store: r.Store}).Query(ctx, TaskQuery{Open: true, Limit: queryMost})
	if err != nil && CodeOf(err) != Tampered {
		return 0, err
	}
	for _, t := range tasks {
		subjects[SubjectOf(AboutTask, string(t.ID))] = true
		if t.Shows != "" {
			subjects[t.Shows] = true
		}
	}
	n := 0
	var errs []error
	for s := range subjects {
		channels, err := r.Store.List(ctx, PostsOf(s), Page{})
		if err != nil {
			return n, err
		}
		for _, c := range channels {
			errs = append(errs, r.again(ctx, s, c))
			n++
		}
	}
	return n, errors.Join(errs...)
}

// again makes one post due, as if it was not known what it shows.
func (r *Redrawer) again(ctx context.Context, s Subject, channel string) error {
	return r.Store.Update(ctx, Slack, func(tx Tx) error {
		p := Post{Subject: s, Channel: channel}
		if found, err := tx.Get(&p); err != nil || !found {
			return err
		}
		p = WantPost(p, Notice{Subject: s, Edit: true, At: tx.Now()})
		p.Shown = ""
		tx.Put(&p)
		return nil
	})
}
