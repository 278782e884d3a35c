package workspace

import (
	"encoding/json"
	"net/url"
	"strings"
	"unicode/utf8"
)

// destination finds the channel of a chat.* call and checks that the bot may
// write there.
func (c *call) destination() (*channel, error) {
	ref := c.str("channel")
	ch := c.s.st.channelByID(ref)
	if ch == nil {
		return nil, refuse("channel_not_found")
	}
	if f, on := c.s.active("not_in_channel"); on && (f.channel == "" || f.channel == ch.ID) || !ch.Bot {
		return nil, refuse("not_in_channel")
	}
	return ch, nil
}

func postMessage(c *call) (obj, error) {
	ch, err := c.destination()
	if err != nil {
		return nil, err
	}
	body, err := readContent(c.args)
	if err != nil {
		return nil, err
	}
	if body.empty() {
		return nil, refuse("no_text")
	}
	body.clip()
	thread := c.str("thread_ts")
	if thread != "" && ch.find(thread) == nil {
		return nil, refuse("thread_not_found")
	}
	m := c.s.postAsBot(ch, body, thread)
	m.Broadcast = thread != "" && c.flag("reply_broadcast")
	return obj{"channel": ch.ID, "ts": m.TS, "message": c.s.render(m, true)}, nil
}

func updateMessage(c *call) (obj, error) {
	ch, err := c.destination()
	if err != nil {
		return nil, err
	}
	m := ch.find(c.str("ts"))
	if m == nil {
		return nil, refuse("message_not_found")
	}
	if !m.bot {
		return nil, refuse("cant_update_message")
	}
	if utf8.RuneCountInString(c.str("text")) > maxUpdateText {
		return nil, refuse("msg_too_long")
	}
	body, err := readContent(c.args)
	if err != nil {
		return nil, err
	}
	if body.empty() {
		return nil, refuse("no_text")
	}
	c.s.edit(m, body)
	edited := c.s.render(m, true)
	delete(edited, "ts") // Slack gives it beside the message alone
	return obj{"channel": ch.ID, "ts": m.TS, "text": m.Text, "message": edited}, nil
}

func postEphemeral(c *call) (obj, error) {
	ch, err := c.destination()
	if err != nil {
		return nil, err
	}
	p, ok := c.s.st.person(c.str("user"))
	if !ok || ch.im != "" && ch.im != p.ID {
		return nil, refuse("user_not_in_channel")
	}
	body, err := readContent(c.args)
	if err != nil {
		return nil, err
	}
	if body.empty() {
		return nil, refuse("no_text")
	}
	m := c.s.postEphemeralTo(p.ID, ch, body, c.str("thread_ts"))
	return obj{"message_ts": m.TS}, nil
}

func deleteMessage(c *call) (obj, error) {
	ch, err := c.destination()
	if err != nil {
		return nil, err
	}
	m := ch.find(c.str("ts"))
	if m == nil {
		return nil, refuse("message_not_found")
	}
	if !m.bot {
		return nil, refuse("cant_delete_message")
	}
	c.s.remove(m)
	return obj{"channel": ch.ID, "ts": m.TS}, nil
}

func getPermalink(c *call) (obj, error) {
	ch := c.s.st.channelByID(c.str("channel"))
	if ch == nil {
		return nil, refuse("channel_not_found")
	}
	m := ch.find(c.str("message_ts"))
	if m == nil {
		return nil, refuse("message_not_found")
	}
	// The page keeps its place in the fragment: /#C0SITES/1700000000.000100
	link := c.s.base + "/#" + url.PathEscape(ch.ID) + "/" + m.TS
	return obj{"channel": ch.ID, "permalink": link}, nil
}

func addReaction(c *call) (obj, error) {
	m, name, err := c.reactionTarget()
	if err != nil {
		return nil, err
	}
	for _, r := range m.reactions {
		if r.Name == name {
			return nil, refuse("already_reacted")
		}
	}
	m.reactions = append(m.reactions, reaction{Name: name, Users: []string{c.s.st.bot.ID}, Count: 1})
	c.s.touch(m)
	return obj{}, nil
}

func removeReaction(c *call) (obj, error) {
	m, name, err := c.reactionTarget()
	if err != nil {
		return nil, err
	}
	for i, r := range m.reactions {
		if r.Name == name {
			m.reactions = append(m.reactions[:i:i], m.reactions[i+1:]...)
			c.s.touch(m)
			return obj{}, nil
		}
	}
	return nil, refuse("no_reaction")
}

func (c *call) reactionTarget() (*message, string, error) {
	ch, err := c.destination()
	if err != nil {
		return nil, "", err
	}
	m := ch.find(c.str("timestamp"))
	if m == nil {
		return nil, "", refuse("message_not_found")
	}
	name := strings.Trim(c.str("name"), ":")
	if name == "" {
		return nil, "", refuse("invalid_name")
	}
	return m, name, nil
}

// validateBlocks is Slack's public checker of blocks, answered by our own.
func validateBlocks(c *call) (obj, error) {
	for _, name := range []string{"blocks", "message", "view"} {
		v, err := c.value(name)
		if err != nil {
			return nil, refuse("invalid_json")
		}
		switch {
		case v == nil:
		case name == "view":
			return obj{}, checkView(asObj(v))
		case name == "message":
			return obj{}, checkMessage(asList(asObj(v)["blocks"]), asList(asObj(v)["attachments"]))
		default:
			return obj{}, checkMessage(asList(v), nil)
		}
	}
	return nil, refuse("invalid_arguments")
}

// raw turns stored JSON back into a value for an answer.
func raw(j json.RawMessage) any {
	var v any
	if decode(j, &v) != nil {
		return nil
	}
	return v
}
