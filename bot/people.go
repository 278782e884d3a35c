package bot

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/slack-go/slack"
)

// identity is who the bot is, from auth.test.
type identity struct {
	team, user, bot string
	url             string // of the workspace
	enterprise      string // Enterprise Grid organisation of the workspace, "" without one
	app             string // the bot's app, "" when Slack did not tell
}

// people knows who is a full member of the workspace. What it learned is kept
// for a minute: long enough for a burst of presses, short enough that somebody
// who was removed stops being let in. Single strangers are asked for one by one;
// when many come at once, all members are listed instead, because Slack answers
// about 100 calls of users.info a minute and a crowd would use them up.
type people struct {
	api  *slack.Client
	home func() identity

	mu       sync.Mutex
	known    map[string]person
	asked    int           // calls of users.info since
	since    time.Time     // the beginning of this minute of counting
	listing  chan struct{} // closed when the listing under way has ended; nil if there is none
	notAgain time.Time     // no listing before
}

type person struct {
	member bool // neither guest, bot, deleted nor of another workspace
	name   string
	until  time.Time
}

const (
	personLife = time.Minute
	// crowd is how many strangers a minute are asked for one by one.
	crowd = 10
	// A listing is for workspaces of up to peoplePages times peoplePage; Slack
	// takes a limit below 1,000 and 20 calls a minute, which replicas share.
	peoplePage  = 900
	peoplePages = 5
	listWait    = 10 * time.Second
	listLarge   = time.Hour // until a workspace that was too large is tried again
)

func newPeople(api *slack.Client, home func() identity) *people {
	return &people{api: api, home: home, known: map[string]person{}}
}

// find looks a person up by user id.
func (p *people) find(ctx context.Context, id string) (person, error) {
	found, listing := p.recall(id, time.Now())
	if listing != nil {
		select {
		case <-listing:
			found, _ = p.recall(id, time.Now())
		case <-ctx.Done():
			return person{}, fmt.Errorf("users.list: %w", ctx.Err())
		}
	}
	if !found.until.IsZero() {
		return found, nil
	}
	u, err := p.api.GetUserInfoContext(ctx, id)
	if err != nil {
		if code, _ := errorCode(err); code == "user_not_found" || code == "user_not_visible" {
			return p.keep(id, person{}), nil
		}
		return person{}, fmt.Errorf("users.info of %s: %w", id, err)
	}
	return p.keep(id, p.judge(u)), nil
}

// recall gives what is known of a person, zero if that is nothing, and then the
// listing to wait for, nil if the person should be asked for alone.
func (p *people) recall(id string, now time.Time) (person, chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if found, ok := p.known[id]; ok && now.Before(found.until) {
		return found, nil
	}
	if p.listing != nil {
		return person{}, p.listing
	}
	if now.Sub(p.since) > time.Minute {
		p.asked, p.since = 0, now
	}
	if p.asked++; p.asked <= crowd || now.Before(p.notAgain) {
		return person{}, nil
	}
	p.listing = make(chan struct{})
	go p.list(p.listing)
	return person{}, p.listing
}

// list learns everybody at once. It is bound to no request, since many wait for
// it; if it fails they ask one by one.
func (p *people) list(done chan struct{}) {
	ctx, cancel := context.WithTimeout(context.Background(), listWait)
	defer cancel()
	var all []slack.User
	page := p.api.GetUsersPaginated(slack.GetUsersOptionLimit(peoplePage))
	var err error
	for n := 0; n < peoplePages && err == nil && (n == 0 || page.Cursor != ""); n++ {
		if page, err = page.Next(ctx); err == nil {
			all = append(all, page.Users...)
		}
	}
	for i := range all {
		p.keep(all[i].ID, p.judge(&all[i]))
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked, p.since = 0, time.Now()
	p.notAgain = time.Now().Add(personLife / 2) // whoever it did not name is asked for alone
	if err == nil && page.Cursor != "" {
		p.notAgain = time.Now().Add(listLarge)
	}
	p.listing = nil
	close(done)
}

func (p *people) judge(u *slack.User) person {
	guest := u.IsRestricted || u.IsUltraRestricted || u.IsStranger
	home := p.home()
	foreign := u.TeamID != "" && u.TeamID != home.team
	if foreign && home.enterprise != "" && u.Enterprise.EnterpriseID == home.enterprise {
		foreign = !slices.Contains(u.Enterprise.Teams, home.team) // in Grid, TeamID is one of several
	}
	return person{member: !guest && !foreign && !u.IsBot && !u.Deleted, name: u.Name}
}

func (p *people) keep(id string, found person) person {
	found.until = time.Now().Add(personLife)
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.known) > 10000 {
		clear(p.known)
	}
	p.known[id] = found
	return found
}

// forget drops what is known of a person, or of everybody.
func (p *people) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	clear(p.known)
}
