package bot

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"github.com/distrobot/distrobot/fleet"
)

// maxChannelPages bounds how much of a channel is read: what is larger names
// nobody in particular, and cannot be told.
const (
	channelPage     = 999
	maxChannelPages = 10
)

// Belongs implements fleet.Members for groups and channels. Whether the person
// is a full member of the workspace is for Role to say.
func (r *roles) Belongs(ctx context.Context, who fleet.Actor, p fleet.Party) (fleet.Membership, error) {
	if who.Team != r.home().team {
		return fleet.Membership{}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, roleWait)
	defer cancel()
	read := r.read
	switch p.Kind {
	case fleet.PartyGroup:
	case fleet.PartyChannel:
		read = r.readChannel
	default:
		return fleet.Membership{}, fmt.Errorf("slack knows nothing of a party of kind %q", p.Kind)
	}
	r.mu.Lock() // held over the call: a burst of presses is one request
	defer r.mu.Unlock()
	m := r.recent(ctx, p.ID, read)
	return fleet.Membership{In: m.users[who.ID], Read: m.read}, m.failed
}

// recent gives who is in a group or channel, read at most memberLife ago. Called
// with mu held.
func (r *roles) recent(ctx context.Context, id string, read func(context.Context, string) members) members {
	m := r.members[id]
	if time.Now().After(m.until) {
		m = read(ctx, id)
		r.members[id] = m
	}
	return m
}

// readChannel reads the members of a channel.
func (r *roles) readChannel(ctx context.Context, channel string) members {
	m := members{users: map[string]bool{}, read: time.Now(), until: time.Now().Add(memberLife)}
	params := slack.GetUsersInConversationParameters{ChannelID: channel, Limit: channelPage}
	for range maxChannelPages {
		users, next, err := r.api.GetUsersInConversationContext(ctx, &params)
		if err != nil {
			return members{failed: fmt.Errorf("conversations.members of %s: %w", channel, err), until: time.Now().Add(failedLife)}
		}
		for _, u := range users {
			m.users[u] = true
		}
		if params.Cursor = next; next == "" {
			return m
		}
	}
	return members{failed: fmt.Errorf("channel %s has more than %d members", channel, channelPage*maxChannelPages), until: time.Now().Add(memberLife)}
}

// Members tells who is in which group and channel.
func (b *Bot) Members() fleet.Members { return b.roles }

// Person finds a full member of the workspace by id, name or mention. Errors:
// NotFound, also for guests, bots and people who have left, and Later.
func (b *Bot) Person(ctx context.Context, name string) (fleet.Actor, error) {
	return b.Actor(ctx, name)
}

// Party finds who is meant by a name: "@handle" or an id of a user group,
// "#channel" or its id, "@name" or an id of a person. A group goes before a
// person of the same name. Errors: NotFound, and Later.
func (b *Bot) Party(ctx context.Context, name string) (fleet.Party, error) {
	p, isID := fleet.ParseParty(name)
	switch {
	case isID && !isSlackParty(p):
		return p, nil
	case isID && p.Kind == fleet.PartyUser:
		who, err := b.Actor(ctx, p.ID)
		return fleet.Party{Kind: fleet.PartyUser, ID: who.ID, Name: who.Name}, err
	case isID && p.Kind == fleet.PartyGroup:
		return b.roles.group(ctx, p.ID)
	case isID || strings.HasPrefix(name, "#"):
		return b.channelParty(ctx, name)
	}
	if group, err := b.roles.group(ctx, name); fleet.CodeOf(err) != fleet.NotFound {
		return group, err
	}
	who, err := b.Actor(ctx, name)
	if fleet.CodeOf(err) == fleet.NotFound {
		return fleet.Party{}, fleet.Errorf(fleet.NotFound, "There is no user group and nobody called %q.", fleet.Clean(name, 60)).
			WithHint("Write @group, @person, #channel, or administrators, maintainers or readers.")
	}
	return fleet.Party{Kind: fleet.PartyUser, ID: who.ID, Name: who.Name}, err
}

func isSlackParty(p fleet.Party) bool {
	return p.Kind != fleet.PartyRole && !strings.HasPrefix(p.ID, "unix:")
}

// channelParty names a channel by its id and its name.
func (b *Bot) channelParty(ctx context.Context, name string) (fleet.Party, error) {
	id, err := b.channels.resolve(ctx, name)
	if err != nil {
		return fleet.Party{}, err
	}
	ch, err := b.api.GetConversationInfoContext(ctx, &slack.GetConversationInfoInput{ChannelID: id})
	if err != nil {
		if code, _ := errorCode(err); code == "channel_not_found" {
			return fleet.Party{}, fleet.Errorf(fleet.NotFound, "There is no channel %s that I can see.", fleet.Clean(name, 60)).WithHint("A private channel is seen once I am in it: /invite @distrobot.")
		}
		return fleet.Party{}, fleet.Errorf(fleet.Later, "The channel %s cannot be looked up at the moment.", fleet.Clean(name, 60)).Because(err)
	}
	return fleet.Party{Kind: fleet.PartyChannel, ID: id, Name: ch.Name}, nil
}

// group finds a user group by its handle, "@release", or its id.
func (r *roles) group(ctx context.Context, name string) (fleet.Party, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	handle := strings.ToLower(strings.TrimPrefix(name, "@"))
	if r.handles[handle] == "" && r.names[name] == "" {
		if err := r.listGroups(ctx); err != nil {
			return fleet.Party{}, fleet.Errorf(fleet.Later, "The user groups of Slack cannot be looked up at the moment.").WithHint("Try again in a minute.").Because(err)
		}
	}
	if id := r.handles[handle]; id != "" {
		return fleet.Party{Kind: fleet.PartyGroup, ID: id, Name: handle}, nil
	}
	if handle := r.names[name]; handle != "" {
		return fleet.Party{Kind: fleet.PartyGroup, ID: name, Name: handle}, nil
	}
	return fleet.Party{}, fleet.Errorf(fleet.NotFound, "There is no user group %q.", fleet.Clean(name, 60))
}

// listGroups reads the handles of all user groups. Called with mu held.
func (r *roles) listGroups(ctx context.Context) error {
	groups, err := r.api.GetUserGroupsContext(ctx)
	if err != nil {
		return fmt.Errorf("usergroups.list: %w", err)
	}
	r.handles, r.names, r.listed = map[string]string{}, map[string]string{}, time.Now()
	for _, g := range groups {
		r.handles[g.Handle], r.names[g.ID] = g.ID, g.Handle
	}
	return nil
}
