package bot

import (
	"context"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/slack-go/slack"

	"github.com/distrobot/distrobot/fleet"
)

// channelID is what ids of channels and direct messages look like.
var channelID = regexp.MustCompile(`^[CGD][A-Z0-9]{2,20}$`)

// channels resolves names to ids. Names change and are no identity, so they are
// resolved once, and ids are kept everywhere else.
type channels struct {
	api *slack.Client

	mu     sync.Mutex
	ids    map[string]string // by name without "#"
	listed time.Time
	in     map[string]time.Time // ids of channels the bot was found in, and when
}

const (
	channelLife = 10 * time.Minute
	channelSoon = 20 * time.Second // conversations.list is 20 a minute
)

func newChannels(api *slack.Client) *channels { return &channels{api: api} }

// resolve gives the id of a channel named by id, "#name", "name" or a mention
// ("<#C0123|name>").
func (c *channels) resolve(ctx context.Context, name string) (string, error) {
	if id, ok := strings.CutPrefix(name, "<#"); ok {
		id, _, _ = strings.Cut(strings.TrimSuffix(id, ">"), "|")
		name = id
	}
	if channelID.MatchString(name) {
		return name, nil
	}
	name = strings.ToLower(strings.TrimPrefix(name, "#"))
	c.mu.Lock()
	defer c.mu.Unlock()
	age := time.Since(c.listed)
	if id := c.ids[name]; id != "" && age < channelLife {
		return id, nil
	}
	if c.ids == nil || age > channelSoon {
		if err := c.list(ctx); err != nil {
			return "", fleet.Errorf(fleet.Later, "The channel #%s cannot be looked up at the moment.", fleet.Clean(name, 80)).Because(err)
		}
	}
	if id := c.ids[name]; id != "" {
		return id, nil
	}
	return "", fleet.Errorf(fleet.NotFound, "There is no channel #%s that I can see.", fleet.Clean(name, 80)).
		WithHint("A private channel is seen once I am in it: /invite @distrobot.")
}

// list reads all channels, page by page. Called with mu held.
func (c *channels) list(ctx context.Context) error {
	ids := map[string]string{}
	params := slack.GetConversationsParameters{Limit: 999, ExcludeArchived: true, Types: []string{"public_channel", "private_channel"}}
	for range 50 {
		page, next, err := c.api.GetConversationsContext(ctx, &params)
		if err != nil {
			return err
		}
		for _, ch := range page {
			ids[ch.Name] = ch.ID
		}
		if params.Cursor = next; next == "" {
			break
		}
	}
	c.ids, c.listed = ids, time.Now()
	return nil
}

// forget makes the next look-up ask Slack.
func (c *channels) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ids, c.in = nil, nil
}

// joined refuses a channel that the bot is not in. What Slack does not tell in
// time is not refused.
func (c *channels) joined(ctx context.Context, name string) error {
	id, err := c.resolve(ctx, name)
	if err != nil {
		if fleet.CodeOf(err) == fleet.NotFound {
			return err
		}
		return nil
	}
	c.mu.Lock()
	seen := c.in[id]
	c.mu.Unlock()
	if time.Since(seen) < channelLife {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	info, err := c.api.GetConversationInfoContext(ctx, &slack.GetConversationInfoInput{ChannelID: id})
	code, _ := errorCode(err)
	switch {
	case err == nil && (info.IsMember || info.IsIM):
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.in == nil {
			c.in = map[string]time.Time{}
		}
		c.in[id] = time.Now()
		return nil
	case err == nil:
		return absent(info.Name)
	case code == "channel_not_found" || code == "not_in_channel":
		return absent(strings.TrimPrefix(name, "#"))
	}
	return nil
}

func absent(name string) error {
	return fleet.Errorf(fleet.Refused, "I am not in #%s, so nothing could be posted there.", fleet.Clean(name, 80)).
		WithHint("Type /invite @distrobot in it first.")
}
