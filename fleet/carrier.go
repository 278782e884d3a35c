package fleet

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// Carrier carries effects from the family of the commit that caused them to
// where they act. Several may run at once over several processes: every
// effect may be carried more than once.
type Carrier struct {
	Store     Store
	Outbox    Outbox
	Trail     Trail
	Planner   *Planner
	Conductor *Conductor
	Channel   string                                                    // where notices without a channel go
	Resolve   func(ctx context.Context, channel string) (string, error) // channel name to id; nil keeps names
	Woken     func(t TaskRef, urgent bool, at time.Time)                // a task was created: wake its worker; nil does nothing
	Failed    func(e PendingEffect, err error)                          // an effect could not be carried, and is tried again; nil does nothing

	mu    sync.Mutex
	tries map[string]int // failures by family and effect
}

// Bounds of carrying.
const (
	carryAtOnce = 200 // effects read from a family at once
	carryTries  = 30  // failures after which an effect becomes an alarm
)

// Carry carries everything that is pending in all families, in order, and
// returns how many effects it carried. An effect that fails is tried again at
// the next call, and holds up only those about the same subject; after many
// tries it becomes an alarm. Errors are those of reading the outboxes.
func (c *Carrier) Carry(ctx context.Context) (int, error) {
	total := 0
	for {
		fams, err := c.families(ctx)
		if err == nil {
			fams, err = c.Outbox.Waiting(ctx, fams...)
		}
		if err != nil {
			return total, err
		}
		n := 0
		for _, fam := range fams {
			carried, err := c.family(ctx, fam)
			if n += carried; err != nil {
				return total + n, err
			}
		}
		if total += n; n == 0 {
			return total, nil
		}
	}
}

// families lists those that may hold effects.
func (c *Carrier) families(ctx context.Context) ([]Family, error) {
	hosts, err := hostsOf(ctx, c.Store)
	if err != nil {
		return nil, err
	}
	out := append([]Family{Catalogue, Schedules, Meta}, PlanFamilies()...)
	for _, h := range hosts {
		out = append(out, HostFamily(h))
	}
	return out, nil
}

// family carries what one outbox holds.
func (c *Carrier) family(ctx context.Context, fam Family) (int, error) {
	pending, err := c.Outbox.Pending(ctx, fam, carryAtOnce)
	if err != nil || len(pending) == 0 {
		return 0, err
	}
	var done []string
	stuck := map[string]bool{}
	for _, e := range pending {
		about := e.Effect.about()
		if stuck[about] {
			continue
		}
		err := c.deliver(ctx, fam, e)
		if err != nil && !c.poison(ctx, fam, e, err) {
			if ctx.Err() != nil || CodeOf(err) == Later {
				break
			}
			stuck[about] = true
			continue
		}
		done = append(done, e.ID)
	}
	if len(done) == 0 {
		return 0, ctx.Err()
	}
	if err := c.Outbox.Ack(ctx, fam, done...); err != nil {
		return 0, err
	}
	return len(done), nil
}

// about names what effects must keep their order for.
func (e Effect) about() string {
	switch {
	case e.Notice != nil:
		return "notice " + string(e.Notice.Subject)
	case e.Audit != nil:
		return "audit"
	case e.Task != nil:
		return "task " + string(e.Task.ID)
	case e.Withdraw != nil:
		return "task " + string(e.Withdraw.ID) // after the effect that creates it
	case e.Advance != "":
		return "plan " + string(e.Advance)
	case e.Review != "":
		return "dist " + string(e.Review)
	}
	return "dist " + string(e.Offer)
}

// poison counts a failure. It reports true when the effect was given up: an
// alarm tells people what did not happen. Audit events are never given up.
func (c *Carrier) poison(ctx context.Context, fam Family, e PendingEffect, cause error) bool {
	if ctx.Err() != nil || CodeOf(cause) == Later {
		return false
	}
	if c.Failed != nil {
		c.Failed(e, cause)
	}
	key := string(fam) + "/" + e.ID
	c.mu.Lock()
	if c.tries == nil {
		c.tries = map[string]int{}
	}
	c.tries[key]++
	n := c.tries[key]
	c.mu.Unlock()
	if n < carryTries || e.Effect.Audit != nil {
		return false
	}
	err := c.Store.Update(ctx, Catalogue, func(tx Tx) error {
		a := Alarm{ID: "effect:" + key}
		if _, err := tx.Get(&a); err != nil {
			return err
		}
		a.Title, a.Tone, a.At, a.About = "Something did not follow", Bad, tx.Now(), e.Effect.about()
		a.Text = fmt.Sprintf("What should have followed for %s failed %d times and was given up. The log has the cause.", a.About, n)
		tx.Put(&a)
		tx.Emit(shown(SubjectOf(AboutAlarm, a.ID), ""))
		return nil
	})
	if err != nil {
		return false
	}
	c.mu.Lock()
	delete(c.tries, key)
	c.mu.Unlock()
	return true
}

// isAnswer reports whether an error is a rule's answer, which trying again
// would not change.
func isAnswer(err error) bool {
	var e *Error
	return errors.As(err, &e) && (e.Code == Refused || e.Code == NotFound || e.Code == Invalid)
}
