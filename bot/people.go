package bot

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/slack-go/slack"
)

// identity is who the bot is, from auth.test.
type identity struct {
	team, user, bot string
	url             string // of the workspace
}

// people knows who is a full member of the workspace. What it learned is kept
// for a minute: long enough for a burst of presses, short enough that somebody
// who was removed stops being let in.
type people struct {
	api  *slack.Client
	home func() identity

	mu    sync.Mutex
	known map[string]person
}

type person struct {
	member bool // neither guest, bot, deleted nor of another workspace
	name   string
	until  time.Time
}

const personLife = time.Minute

func newPeople(api *slack.Client, home func() identity) *people {
	return &people{api: api, home: home, known: map[string]person{}}
}

// find looks a person up by user id.
func (p *people) find(ctx context.Context, id string) (person, error) {
	p.mu.Lock()
	found, ok := p.known[id]
	p.mu.Unlock()
	if ok && time.Now().Before(found.until) {
		return found, nil
	}
	u, err := p.api.GetUserInfoContext(ctx, id)
	if err != nil {
		if code, _ := errorCode(err); code == "user_not_found" || code == "user_not_visible" {
			return p.keep(id, person{}), nil
		}
		return person{}, fmt.Errorf("users.info of %s: %w", id, err)
	}
	guest := u.IsRestricted || u.IsUltraRestricted || u.IsStranger
	foreign := u.TeamID != "" && u.TeamID != p.home().team
	return p.keep(id, person{member: !guest && !foreign && !u.IsBot && !u.Deleted, name: u.Name}), nil
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
