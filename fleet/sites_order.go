package fleet

import (
	"context"
	"time"
)

// A SiteOrder asks for a task about a site that exists and stays where it is:
// a rehearsal, a backup, a login.
type SiteOrder struct {
	URI     URI
	Kind    TaskKind
	Params  map[string]string
	Channel string // where the task reports; "" is nowhere
	Shows   Subject
	Urgent  bool
}

// Order makes the task of a site's order on its host. Refused while the site is
// being created, or came to nothing.
func (ss *Sites) Order(ctx context.Context, o SiteOrder, who Actor) (Task, error) {
	id := TaskID(idOr(ss.ID))
	var task Task
	err := ss.Store.Update(ctx, Catalogue, func(tx Tx) error {
		s, err := mustSite(tx, o.URI)
		if err != nil {
			return err
		}
		if s.State == SiteCreating || s.State == SiteFailed {
			return Errorf(Refused, "Site %s is not there yet: its state is %s.", s.URI, s.State)
		}
		task = Task{
			ID: id, Kind: o.Kind, Host: s.Host, About: string(s.URI), Params: o.Params, Urgent: o.Urgent,
			By: who, State: TaskQueued, Created: tx.Now(), Shows: o.Shows, Channel: o.Channel,
		}
		Last(tx, Lasting{Authorises: o.Kind == TaskRestore || o.Kind == TaskRetire}) // they take something away
		if task.Shows == "" {
			task.Shows = SubjectOf(AboutTask, string(id))
		}
		if o.Channel != "" {
			tx.Emit(shown(task.Shows, o.Channel))
		}
		tx.Emit(Effect{Task: &task}, audited(tx, who, "site."+string(o.Kind), string(s.URI), "task", string(id)))
		return nil
	})
	return task, err
}

// A Rehearsal is how a move of a site went on a copy of it: the last one.
type Rehearsal struct {
	URI        URI          `json:"uri"`
	From       PlatformName `json:"from"`
	To         PlatformName `json:"to"`
	Generation int64        `json:"gen"` // of the site; the rehearsal says nothing once it has another
	OK         bool         `json:"ok"`
	Reason     string       `json:"reason,omitempty"` // why it failed, one sentence
	Window     Duration     `json:"window,omitempty"` // how long visitors would wait
	Bytes      int64        `json:"bytes,omitempty"`  // of data copied
	Task       TaskID       `json:"task"`
	At         time.Time    `json:"at"`
}

// Key implements Record.
func (r *Rehearsal) Key() Key { return Key{Catalogue, "rehearsal", string(r.URI)} }

// Entries implements Record.
func (r *Rehearsal) Entries() []Entry { return nil }

// Life implements Expiring: data and code have changed after a month.
func (r *Rehearsal) Life() time.Duration { return 30 * 24 * time.Hour }

// Rehearsed records how a rehearsal went; a plan that shows the site is told
// again.
func (ss *Sites) Rehearsed(ctx context.Context, r Rehearsal, shows Subject) error {
	r.Reason = Clean(r.Reason, 300)
	return ss.Store.Update(ctx, Catalogue, func(tx Tx) error {
		have := Rehearsal{URI: r.URI}
		if _, err := tx.Get(&have); err != nil {
			return err
		}
		if have.Task == r.Task {
			return nil
		}
		r.At = tx.Now()
		tx.Put(&r)
		if shows != "" {
			tx.Emit(edited(shows))
		}
		return nil
	})
}
