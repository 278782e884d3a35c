package hosting

import (
	"bytes"
	"context"
	"regexp"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/internal/job"
)

// Between two attempts of a check.
const checkPause = 250 * time.Millisecond

// check asks a copy for its page, unseen by visitors, and asks again for at most
// Retry: a site's first answer may need a while.
func (w *Worker) check(of copyOf) func(context.Context, *job.Scope) error {
	return func(ctx context.Context, s *job.Scope) error {
		c, err := of(ctx, s)
		if err != nil {
			return err
		}
		return until(ctx, orDefault(w.Retry, defaultRetry), func() error {
			a, err := w.Backend.Check(ctx, c, c.App.Check.Path)
			if err != nil {
				return err
			}
			return c.App.Check.Meets(a)
		})
	}
}

// fatal is how PHP logs that it gave a page up; the answer may be 200 all the
// same.
var fatal = regexp.MustCompile(`PHP (?:Fatal|Parse|Compile|Core) error:[^\n]*`)

// Meets tells what is wrong with an answer; nil if it is as it shall be.
func (c Check) Meets(a Answer) error {
	switch {
	case a.Status != c.Status:
		return fleet.Errorf(fleet.Failed, "The page %s answers %d instead of %d.", c.Path, a.Status, c.Status)
	case fatal.MatchString(a.Log):
		return fleet.Errorf(fleet.Failed, "The page %s answers, but PHP failed: %s", c.Path, fleet.Clean(fatal.FindString(a.Log), 200))
	case a.Bytes < c.MinBytes:
		return fleet.Errorf(fleet.Failed, "The page %s has %d bytes, but at least %d are expected.", c.Path, a.Bytes, c.MinBytes)
	case c.Marker != "" && !bytes.Contains(a.Body, []byte(c.Marker)):
		return fleet.Errorf(fleet.Failed, "The page %s does not hold the text %q.", c.Path, fleet.Clean(c.Marker, 80))
	}
	return nil
}

// until repeats try until it succeeds or the time is over, and gives the last
// error. It tries once at least.
func until(ctx context.Context, limit time.Duration, try func() error) error {
	over := time.Now().Add(limit)
	for {
		err := try()
		if err == nil || ctx.Err() != nil || !time.Now().Add(checkPause).Before(over) {
			return err
		}
		timer := time.NewTimer(checkPause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return context.Cause(ctx)
		case <-timer.C:
		}
	}
}
