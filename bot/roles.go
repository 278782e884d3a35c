package bot

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/slack-go/slack"

	"github.com/distrobot/distrobot/fleet"
)

// RoleConfig says who may do what. Entries are user ids (U…), ids of user
// groups (S…) or handles of user groups (@release-managers).
type RoleConfig struct {
	Admins      []string
	Maintainers []string
	// Shell gives the role of actors outside Slack ("unix:1000"); nil is
	// nobody.
	Shell func(fleet.Actor) fleet.Role
}

// roles implements fleet.Roles over Slack's users and user groups. It is asked
// at each decision; group members are kept for at most a minute. What cannot be
// told is an error, and the caller then grants no more than reading.
type roles struct {
	config RoleConfig
	api    *slack.Client
	people *people
	home   func() identity

	mu      sync.Mutex
	members map[string]members // by group id
	handles map[string]string  // handle → group id
	names   map[string]string  // group id → handle
	listed  time.Time          // when handles was read
}

type members struct {
	users  map[string]bool
	read   time.Time // when Slack told
	failed error     // Slack could not tell; asked again soon
	until  time.Time
}

const (
	memberLife = time.Minute
	failedLife = 3 * time.Second // so that a burst of presses waits for Slack once
	roleWait   = 2 * time.Second // a press is answered within three seconds
)

func newRoles(c RoleConfig, api *slack.Client, p *people, home func() identity) *roles {
	return &roles{config: c, api: api, people: p, home: home, members: map[string]members{}}
}

var (
	_ fleet.Roles   = (*roles)(nil)
	_ fleet.Members = (*roles)(nil)
)

// Role implements fleet.Roles.
func (r *roles) Role(ctx context.Context, who fleet.Actor) (fleet.Role, error) {
	switch {
	case who.IsSystem():
		return fleet.Administrator, nil
	case !who.IsSlack():
		if r.config.Shell == nil {
			return fleet.Nobody, nil
		}
		return r.config.Shell(who), nil
	case who.Team != r.home().team:
		return fleet.Nobody, nil
	}
	ctx, cancel := context.WithTimeout(ctx, roleWait)
	defer cancel()
	p, err := r.people.find(ctx, who.ID)
	if err != nil {
		return fleet.Nobody, err
	}
	if !p.member {
		return fleet.Nobody, nil
	}
	admin, errAdmin := r.among(ctx, who.ID, r.config.Admins)
	if admin {
		return fleet.Administrator, nil
	}
	maintainer, errMaintainer := r.among(ctx, who.ID, r.config.Maintainers)
	if errAdmin != nil {
		return fleet.Reader, errAdmin // might be an administrator
	}
	if maintainer {
		return fleet.Maintainer, nil
	}
	return fleet.Reader, errMaintainer
}

// among reports whether user is listed, by id or through a group. People named
// by id are found without asking Slack.
func (r *roles) among(ctx context.Context, user string, list []string) (bool, error) {
	for _, e := range list {
		if e == user {
			return true, nil
		}
	}
	var failed error
	for _, e := range list {
		if userID.MatchString(e) {
			continue
		}
		in, err := r.inGroup(ctx, user, e)
		if in {
			return true, nil
		}
		if err != nil {
			failed = err
		}
	}
	return false, failed
}

func (r *roles) inGroup(ctx context.Context, user, group string) (bool, error) {
	r.mu.Lock() // held over the call: a burst of presses is one request
	defer r.mu.Unlock()
	id, err := r.groupID(ctx, group)
	if err != nil {
		return false, err
	}
	m := r.recent(ctx, id, r.read)
	return m.users[user], m.failed
}

func (r *roles) read(ctx context.Context, group string) members {
	users, err := r.api.GetUserGroupMembersContext(ctx, group)
	if err != nil {
		return members{failed: fmt.Errorf("usergroups.users.list of %s: %w", group, err), until: time.Now().Add(failedLife)}
	}
	m := members{users: map[string]bool{}, read: time.Now(), until: time.Now().Add(memberLife)}
	for _, u := range users {
		m.users[u] = true
	}
	return m
}

// groupID gives the id of a group that may be named by its handle. Called with
// mu held.
func (r *roles) groupID(ctx context.Context, group string) (string, error) {
	handle, isHandle := strings.CutPrefix(group, "@")
	if !isHandle {
		return group, nil
	}
	if id := r.handles[handle]; id != "" && time.Since(r.listed) < 10*time.Minute {
		return id, nil
	}
	if r.handles == nil || time.Since(r.listed) > memberLife {
		if err := r.listGroups(ctx); err != nil {
			return "", err
		}
	}
	if id := r.handles[handle]; id != "" {
		return id, nil
	}
	return "", fmt.Errorf("there is no user group %s", group)
}

// Holders implements fleet.Roles. Groups are named, not mentioned: a refusal
// must not call everybody.
func (r *roles) Holders(_ context.Context, role fleet.Role) []fleet.Span {
	list := r.config.Admins
	if role <= fleet.Maintainer {
		list = append(append([]string(nil), r.config.Maintainers...), r.config.Admins...)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []fleet.Span
	for _, e := range list {
		switch {
		case userID.MatchString(e):
			out = append(out, fleet.Span{User: e, Text: e})
		case r.names[e] != "":
			out = append(out, fleet.Span{Text: "@" + r.names[e]})
		default:
			out = append(out, fleet.Span{Text: e})
		}
	}
	return out
}

// forget drops group members that were read, because they have changed.
func (r *roles) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	clear(r.members)
}
