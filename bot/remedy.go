package bot

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"github.com/distrobot/distrobot/fleet"
)

// gone are the refusals after which no call will work until somebody installs the
// app again or gives the bot another token.
var gone = []string{"invalid_auth", "account_inactive", "not_authed", "token_revoked", "token_expired", "no_permission", "not_allowed_token_type"}

// remedy says in one sentence why Slack refuses messages to a channel, and what a
// person does about it.
func remedy(channel string, err error) string {
	code, _ := errorCode(err)
	where := channelName(channel)
	switch {
	case code == "not_in_channel" || code == "channel_not_found":
		return fmt.Sprintf("I am not in the channel %s: type /invite @distrobot there.", where)
	case code == "is_archived":
		return fmt.Sprintf("The channel %s is archived: open it again, or choose another one with %s edit.", where, fleet.Slash)
	case strings.HasPrefix(code, "restricted_action"):
		return fmt.Sprintf("The settings of the channel %s let me post nothing there: an owner of the workspace has to allow it.", where)
	case code == "missing_scope":
		var refused slack.SlackErrorResponse
		if errors.As(err, &refused) && refused.Needed != "" {
			return "The bot token lacks the scope " + fleet.Clean(refused.Needed, 80) + ": add it to the app (slack-manifest.yaml has it) and reinstall the app."
		}
		return "The bot token lacks a scope: reinstall the app from slack-manifest.yaml."
	case slices.Contains(gone, code):
		return credentials(code)
	}
	return fmt.Sprintf("Slack refuses messages to %s: %s.", where, code)
}

// credentials says why Slack accepts a token no more.
func credentials(code string) string {
	switch code {
	case "token_revoked", "account_inactive":
		return "The app was uninstalled or its token revoked (" + code + "): install the app again and set SLACK_BOT_TOKEN to its new token."
	case "token_expired":
		return "The bot token has expired: switch token rotation off for the app, install it again and set SLACK_BOT_TOKEN."
	case "no_permission", "not_allowed_token_type":
		return "Slack takes this token for another purpose (" + code + "): SLACK_BOT_TOKEN begins with xoxb-, SLACK_APP_TOKEN with xapp- and has the scope connections:write."
	}
	return "Slack does not know the token (" + code + "): copy it again from the page of the app."
}

// channelName is a channel as Slack shows a link to it.
func channelName(channel string) string {
	if channelID.MatchString(channel) || strings.HasPrefix(channel, "#") {
		return channel
	}
	return "#" + fleet.Clean(channel, 80)
}

// report keeps what a person should do about a channel, for Health, and tells the
// people of the alarm channel, once.
func (s *sender) report(channel, code string, err error) {
	text := remedy(channel, err)
	s.mu.Lock()
	known := s.trouble[channel] == text
	s.trouble[channel] = text
	s.mu.Unlock()
	if !known {
		s.tell(channel, text)
	}
}

// tell raises or ends the alarm about a channel.
func (s *sender) tell(channel, text string) {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	if err := fleet.TellRoom(ctx, s.store, channel, text); err != nil {
		s.log.Warn("the alarm about a channel cannot be recorded", "channel", channel, "error", err)
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.trouble, channel) // it is told with the next refusal
	}
}

// healed forgets the trouble with a channel.
func (s *sender) healed(channel string) {
	s.mu.Lock()
	_, troubled := s.trouble[channel]
	delete(s.trouble, channel)
	s.mu.Unlock()
	if troubled {
		s.tell(channel, "")
	}
}

// troubles lists what a person should do, sorted.
func (s *sender) troubles() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for _, t := range s.trouble {
		out = append(out, t)
	}
	slices.Sort(out)
	return slices.Compact(out)
}
