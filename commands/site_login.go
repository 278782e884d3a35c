package commands

import (
	"context"
	"fmt"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

// newSiteLogin gives the asker an address that logs them in once.
func newSiteLogin(t *Table) Command {
	return Command{
		Verb: "site", Sub: "login", Args: "SITE", Min: 1, Max: 1, Group: "Sites",
		Summary: "an address that logs you in as the site's administrator, once",
		Help:    []string{fleet.Slash + " site login shop.example.org", "Only you see it. It is recorded that you asked, not the address."},
		Role:    fleet.Maintainer, Run: t.login,
	}
}

// loginPatience is how long an answer waits for the address.
const loginPatience = 20 * time.Second

func (t *Table) login(ctx context.Context, r Request) (fleet.Message, error) {
	s, err := t.site(ctx, r.Args[0])
	if err != nil {
		return fleet.Message{}, err
	}
	task, err := t.Sites.Order(ctx, fleet.SiteOrder{URI: s.URI, Kind: fleet.TaskLogin, Urgent: true}, r.Who)
	if err != nil {
		return fleet.Message{}, err
	}
	done, err := t.wait(ctx, task.Ref(), loginPatience)
	if err != nil {
		return fleet.Message{}, err
	}
	if done.State == fleet.TaskFailed || done.State == fleet.TaskCancelled {
		return fleet.Message{}, fleet.Errorf(fleet.Failed, "%s", orDash(done.Reason))
	}
	link, err := t.Tasks.Take(ctx, task.Ref(), fleet.StepLogin, fleet.ResultLink)
	if err != nil {
		return fleet.Message{}, err
	}
	if link == "" {
		return fleet.Message{}, fleet.Errorf(fleet.Later, "The host %s has not answered yet.", s.Host).WithHint("Try again in a moment.")
	}
	m := say(fmt.Sprintf("This logs you in to %s, once: %s", s.URI, link))
	m.Lines = []fleet.Line{{Spans: []fleet.Span{{Text: "This logs you in to "}, {Text: string(s.URI), Code: true}, {Text: ", once: "}, {Text: "log in", URL: link}}}}
	return m, nil
}

// wait awaits the end of a task, for so long.
func (t *Table) wait(ctx context.Context, ref fleet.TaskRef, most time.Duration) (fleet.Task, error) {
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		x := fleet.Task{ID: ref.ID, Host: ref.Host}
		found, err := t.Store.Read(ctx, &x)
		if err != nil && ctx.Err() == nil {
			return x, err
		}
		if err == nil && found[0] && x.State.Final() {
			return x, nil
		}
		select {
		case <-ctx.Done():
			return x, nil
		case <-tick.C:
		}
	}
}
