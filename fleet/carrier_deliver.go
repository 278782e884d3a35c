package fleet

import (
	"context"
	"time"
)

// deliver carries one effect to where it acts.
func (c *Carrier) deliver(ctx context.Context, fam Family, p PendingEffect) error {
	e := p.Effect
	switch {
	case e.Notice != nil:
		return c.notice(ctx, *e.Notice)
	case e.Audit != nil:
		id := string(fam) + "/" + p.ID
		if e.Audit.requested() {
			// Delivered again, it is the same request; a form is sent again until it is right.
			id = "request/" + e.Audit.Request + "/" + string(e.Audit.Outcome)
		}
		return c.Trail.Record(ctx, id, *e.Audit)
	case e.Task != nil:
		return c.task(ctx, *e.Task)
	case e.Withdraw != nil:
		return c.withdraw(ctx, *e.Withdraw)
	case e.Advance != "":
		return answered(c.Conductor.Advance(ctx, e.Advance))
	case e.Review != "":
		return answered(c.Planner.Review(ctx, e.Review))
	case e.Offer != "":
		_, err := c.Planner.Offer(ctx, e.Offer, "")
		return answered(err)
	}
	return nil
}

// answered takes a rule's no for an answer: hints to look again are not
// promises that there is something to do.
func answered(err error) error {
	if isAnswer(err) {
		return nil
	}
	return err
}

// task creates a task once and wakes its worker.
func (c *Carrier) task(ctx context.Context, t Task) error {
	if err := (&Tasks{Store: c.Store}).Order(ctx, t); err != nil {
		return err
	}
	if c.Woken != nil {
		c.Woken(t.Ref(), t.Urgent, t.NotUntil)
	}
	return nil
}

// withdraw takes a task back, and lets its host know that it is over: a machine
// remembers what has ended, so that an older record of it is not run.
func (c *Carrier) withdraw(ctx context.Context, ref TaskRef) error {
	if err := (&Tasks{Store: c.Store}).Withdraw(ctx, ref); err != nil {
		return answered(err)
	}
	if c.Woken != nil {
		c.Woken(ref, false, time.Time{})
	}
	return nil
}

// notice makes posts due: the one of its channel, or those that exist.
func (c *Carrier) notice(ctx context.Context, n Notice) error {
	if n.Edit && n.Channel == "" {
		channels, err := c.Store.List(ctx, PostsOf(n.Subject), Page{})
		if err != nil {
			return err
		}
		for _, ch := range channels {
			if err := c.post(ctx, n, ch); err != nil {
				return err
			}
		}
		return nil
	}
	channel, err := c.channel(ctx, n.Channel)
	if err != nil {
		return err
	}
	return c.post(ctx, n, channel)
}

// channel resolves a name. One that does not exist is replaced by the default
// channel, so that what is said there is not lost.
func (c *Carrier) channel(ctx context.Context, name string) (string, error) {
	if name == "" {
		name = c.Channel
	}
	if c.Resolve == nil {
		return name, nil
	}
	id, err := c.Resolve(ctx, name)
	if isAnswer(err) && name != c.Channel {
		return c.Resolve(ctx, c.Channel)
	}
	return id, err
}

func (c *Carrier) post(ctx context.Context, n Notice, channel string) error {
	return c.Store.Update(ctx, Slack, func(tx Tx) error {
		p := Post{Subject: n.Subject, Channel: channel}
		found, err := tx.Get(&p)
		if err != nil || n.Edit && !found {
			return err
		}
		if !found {
			p.At = tx.Now()
		}
		p = WantPost(p, n)
		if p.State == PostDue && p.Due.IsZero() || p.stranded(n, tx.Now()) {
			p.Due = tx.Now()
		}
		tx.Put(&p)
		return nil
	})
}

// longestPace is longer than any sender puts off a message that is there already,
// or one that it is sending.
const longestPace = 10 * time.Minute

// stranded reports whether a post waits for a time that no sender can have set by
// the clock as it is now: the storage's clock was set back since, and people would
// not see for that long what is asked for now.
func (p Post) stranded(n Notice, now time.Time) bool {
	return (p.State == PostSending || p.State == PostDue && p.TS != "") && p.Due.After(now.Add(longestPace)) && !n.At.After(now)
}

// WantPost is the rule by which a notice makes a post due. One that waits
// already keeps its time, which the sender has set with its pace in mind; one
// that is being sent is found out of date by its sender afterwards; one that
// Slack refused for good is tried again only when it is asked for anew.
func WantPost(p Post, n Notice) Post {
	p.Wanted++
	if n.Parent != "" {
		p.Parent = n.Parent
	}
	switch p.State {
	case PostDue, PostSending:
	case PostDropped:
		if !n.Edit {
			p.State, p.Due = PostDue, n.At
		}
	default:
		p.State, p.Due = PostDue, n.At
	}
	return p
}
