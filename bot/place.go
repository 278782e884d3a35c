package bot

import "strings"

// Permalink is the address of a message, as Slack makes it of the workspace's
// address, the channel and the message's moment; "" before Slack has said where
// the workspace is. Asking chat.getPermalink for each of many would take long.
func (b *Bot) Permalink(channel, ts string) string {
	home := b.identity().url
	digits := strings.Replace(ts, ".", "", 1)
	if home == "" || channel == "" || len(digits) <= 6 {
		return ""
	}
	return strings.TrimSuffix(home, "/") + "/archives/" + channel + "/p" + digits
}

// Team is the workspace that the bot is in; "" before Slack has said it.
func (b *Bot) Team() string { return b.identity().team }
