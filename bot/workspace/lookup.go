package workspace

import "strings"

// person finds somebody by id or name, with or without @. The bot counts.
func (st *state) person(ref string) (Person, bool) {
	ref = strings.TrimPrefix(ref, "@")
	for _, p := range st.people {
		if p.ID == ref || p.Name == ref {
			return p, true
		}
	}
	if st.bot.ID == ref || st.bot.Name == ref {
		return st.bot, true
	}
	return Person{}, false
}

// channelByID finds a conversation as the Web API does: by id, by #name, or by
// the id of a person, which means the direct conversation with them.
func (st *state) channelByID(ref string) *channel {
	name := strings.TrimPrefix(ref, "#")
	for _, c := range st.channels {
		if c.ID == ref || c.im == "" && c.Name == name || c.im != "" && c.im == ref {
			return c
		}
	}
	return nil
}

// channelFor finds a conversation as a person would name it: id, name, or the
// name of the bot for their own direct conversation with it.
func (st *state) channelFor(p Person, ref string) *channel {
	bare := strings.TrimPrefix(ref, "@")
	for _, c := range st.channels {
		switch {
		case c.im != "" && c.im != p.ID:
			continue // other people's direct conversations are not to be seen
		case c.ID == ref || c.Name == strings.TrimPrefix(ref, "#"):
			return c
		case c.im == p.ID && (bare == st.bot.Name || bare == st.bot.ID || bare == p.ID || ref == "dm"):
			return c
		}
	}
	return nil
}

// find returns a message of the channel that has not been deleted, or nil.
func (c *channel) find(ts string) *message {
	if m := c.byTS[ts]; m != nil && !m.deleted {
		return m
	}
	return nil
}

// members lists the user ids in the channel.
func (st *state) members(c *channel) []string {
	if c.im != "" {
		return []string{c.im, st.bot.ID}
	}
	ids := make([]string, 0, len(st.people)+1)
	for _, p := range st.people {
		ids = append(ids, p.ID)
	}
	if c.Bot {
		ids = append(ids, st.bot.ID)
	}
	return ids
}

// userGroup is a named set of people, such as @release-managers.
type userGroup struct {
	ID, Handle string
	Users      []string
}

// userGroups collects the groups that people say they are in, in the order in
// which they are first named.
func (st *state) userGroups() []userGroup {
	var groups []userGroup
	at := map[string]int{}
	for _, p := range st.people {
		for _, handle := range p.Groups {
			i, ok := at[handle]
			if !ok {
				i = len(groups)
				at[handle] = i
				groups = append(groups, userGroup{ID: idFromName("S0", handle), Handle: handle})
			}
			groups[i].Users = append(groups[i].Users, p.ID)
		}
	}
	return groups
}

// viewByID finds an open modal or a home tab.
func (st *state) viewByID(id string) *view {
	for _, stack := range st.stacks {
		for _, v := range stack {
			if v.ID == id {
				return v
			}
		}
	}
	for _, v := range st.homes {
		if v.ID == id {
			return v
		}
	}
	return nil
}

// viewByExternalID finds an open modal by the id its app gave it.
func (st *state) viewByExternalID(id string) *view {
	for _, stack := range st.stacks {
		for _, v := range stack {
			if id != "" && v.ExternalID == id {
				return v
			}
		}
	}
	return nil
}
