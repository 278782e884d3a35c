package workspace

import (
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
)

// paginate cuts a list by limit and cursor. The cursor is opaque to clients:
// the base64 of an offset.
func paginate[T any](list []T, a args, most int) ([]T, string, error) {
	limit := a.number("limit", 100)
	if limit <= 0 || limit > most {
		return nil, "", refuse("invalid_limit")
	}
	start := 0
	if cursor := a.str("cursor"); cursor != "" {
		text, err := base64.StdEncoding.DecodeString(cursor)
		n, ok := strings.CutPrefix(string(text), "next:")
		if start, _ = strconv.Atoi(n); err != nil || !ok || start < 0 || start > len(list) {
			return nil, "", refuse("invalid_cursor")
		}
	}
	end := min(start+limit, len(list))
	next := ""
	if end < len(list) {
		next = base64.StdEncoding.EncodeToString([]byte("next:" + strconv.Itoa(end)))
	}
	return list[start:end], next, nil
}

func listConversations(c *call) (obj, error) {
	types := c.str("types")
	if types == "" {
		types = "public_channel"
	}
	list := []obj{}
	for _, ch := range c.s.st.channels {
		kind := "public_channel"
		if ch.im != "" {
			kind = "im"
		}
		if slices.Contains(strings.Split(types, ","), kind) {
			item := c.s.channelObject(ch)
			if ch.im == "" {
				item["num_members"] = len(c.s.st.members(ch))
			}
			list = append(list, item)
		}
	}
	page, next, err := paginate(list, c.args, 1000)
	if err != nil {
		return nil, err
	}
	return obj{"channels": page, "response_metadata": obj{"next_cursor": next}}, nil
}

// channelObject is a conversation in Slack's form.
func (s *Server) channelObject(ch *channel) obj {
	if ch.im != "" {
		return obj{"id": ch.ID, "created": 0, "is_im": true, "user": ch.im, "is_open": true, "is_org_shared": false}
	}
	topic := obj{"value": ch.Topic, "creator": "", "last_set": 0}
	return obj{"id": ch.ID, "name": ch.Name, "name_normalized": ch.Name, "is_channel": true, "is_private": false,
		"is_archived": false, "is_general": ch.Name == "general", "is_member": ch.Bot, "is_im": false,
		"created": 0, "creator": "", "topic": topic, "purpose": topic}
}

// conversation finds the channel of a read.
func (c *call) conversation() (*channel, error) {
	if ch := c.s.st.channelByID(c.str("channel")); ch != nil {
		return ch, nil
	}
	return nil, refuse("channel_not_found")
}

func conversationInfo(c *call) (obj, error) {
	ch, err := c.conversation()
	if err != nil {
		return nil, err
	}
	out := c.s.channelObject(ch)
	if c.flag("include_num_members") && ch.im == "" {
		out["num_members"] = len(c.s.st.members(ch))
	}
	return obj{"channel": out}, nil
}

func listMembers(c *call) (obj, error) {
	ch, err := c.conversation()
	if err != nil {
		return nil, err
	}
	page, next, err := paginate(c.s.st.members(ch), c.args, 1000)
	if err != nil {
		return nil, err
	}
	return obj{"members": page, "response_metadata": obj{"next_cursor": next}}, nil
}

func history(c *call) (obj, error) {
	ch, err := c.readable()
	if err != nil {
		return nil, err
	}
	var list []*message
	for _, m := range slices.Backward(ch.messages) { // newest first
		if !m.deleted && (m.ThreadTS == "" || m.Broadcast) && c.within(m.TS) {
			list = append(list, m)
		}
	}
	return c.messagePage(list)
}

func replies(c *call) (obj, error) {
	ch, err := c.readable()
	if err != nil {
		return nil, err
	}
	root := ch.find(rootOf(ch, c.str("ts")))
	if root == nil {
		return nil, refuse("thread_not_found")
	}
	list := []*message{root}
	for _, m := range ch.thread(root.TS) {
		if c.within(m.TS) {
			list = append(list, m)
		}
	}
	return c.messagePage(list)
}

// readable finds a channel whose history the bot may read.
func (c *call) readable() (*channel, error) {
	ch, err := c.conversation()
	if err != nil {
		return nil, err
	}
	if !ch.Bot {
		return nil, refuse("not_in_channel")
	}
	return ch, nil
}

// within applies oldest, latest and inclusive. Timestamps of one length
// compare as text.
func (c *call) within(ts string) bool {
	inclusive := c.flag("inclusive")
	if oldest := c.str("oldest"); oldest != "" && oldest != "0" && (ts < oldest || ts == oldest && !inclusive) {
		return false
	}
	latest := c.str("latest")
	return latest == "" || ts < latest || ts == latest && inclusive
}

// messagePage answers with messages in Slack's form.
func (c *call) messagePage(list []*message) (obj, error) {
	page, next, err := paginate(list, c.args, 999)
	if err != nil {
		return nil, err
	}
	out := []obj{}
	for _, m := range page {
		out = append(out, c.s.render(m, c.flag("include_all_metadata")))
	}
	return obj{"messages": out, "has_more": next != "", "response_metadata": obj{"next_cursor": next}}, nil
}

func openConversation(c *call) (obj, error) {
	if c.has("channel") && c.str("channel") != "" {
		return conversationInfo(c)
	}
	users := strings.Split(c.str("users"), ",")
	if len(users) != 1 || users[0] == "" {
		return nil, refuse("users_list_not_supplied") // groups of people are not offered here
	}
	for _, ch := range c.s.st.channels {
		if ch.im == users[0] {
			opened := obj{"id": ch.ID}
			if c.flag("return_im") {
				opened = c.s.channelObject(ch)
			}
			return obj{"channel": opened, "no_op": true, "already_open": true}, nil
		}
	}
	return nil, refuse("user_not_found")
}

func joinConversation(c *call) (obj, error) {
	ch, err := c.conversation()
	if err != nil {
		return nil, err
	}
	if ch.im != "" {
		return nil, refuse("method_not_supported_for_channel_type")
	}
	c.s.join(ch, "")
	return obj{"channel": c.s.channelObject(ch)}, nil
}
