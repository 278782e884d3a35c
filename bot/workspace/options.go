package workspace

import (
	"time"
)

// Options configures a Server. The zero value is a usable workspace with the
// default people and channels, Socket Mode and Slack's usual rate limits.
type Options struct {
	// Token opens the page and the /workspace/ endpoints. Empty means random.
	// The bot's own tokens are derived from it, so a workspace restarted with
	// the same token keeps the settings of its apps valid.
	Token string

	People   []Person  // default: alice, bob and carol
	Channels []Channel // default: #general (bot absent) and #sites (bot present)
	Commands []Command // default: /distro

	// Events are what the app subscribes to, by the names of a manifest's
	// bot_events; default: those of distrobot's manifest. Besides them
	// message.channels can be had: all that is said where the bot is a member.
	Events []string

	// AppURL switches to HTTP mode: payloads are POSTed there, signed. The word
	// {kind} in it is replaced by commands, interactions or events, for apps
	// that have one address each.
	AppURL        string
	SigningSecret string // default: derived from Token

	BaseURL string // how clients reach this server; default: the listener's address
	BotName string // default: distrobot

	Limits Limits
	Scopes []string // bot scopes granted; nil means all that are known here

	Now          func() time.Time // default: time.Now
	AckTimeout   time.Duration    // default 3 s, Slack's own
	PingInterval time.Duration    // default 5 s; slack-go gives up after 30 s without
	EventRetries []time.Duration  // default 1 s, 1 min, 5 min, after Slack's schedule

	Banner string // one line at the top of the page, for example what is not kept
	Try    bool   // the page shows the panel of /try/sites and /try/releases
}

// Limits are the rate limits the workspace enforces. Slack publishes tiers per
// minute and "about one message a second in a channel, short bursts allowed";
// the size of a burst is not published, hence the fields.
type Limits struct {
	Off           bool
	PostPerSecond float64 // chat.postMessage in one channel; default 1
	PostBurst     int     // default 20
	TierBurst     int     // burst of every tiered method; default: its rate per minute
}

// Person is somebody who uses the workspace.
type Person struct {
	ID       string   `json:"id,omitempty"`        // U…; default U0 + the name in capitals
	Name     string   `json:"name"`                // the handle: alice
	RealName string   `json:"real_name,omitempty"` // Alice Adams
	Title    string   `json:"title,omitempty"`     // shown beside the name: Administrator
	Email    string   `json:"email,omitempty"`     // default NAME@example.com
	TZ       string   `json:"tz,omitempty"`        // IANA zone; default Etc/UTC
	Guest    bool     `json:"guest,omitempty"`     // is_restricted: of several channels
	Single   bool     `json:"single,omitempty"`    // a guest of a single channel
	Robot    bool     `json:"robot,omitempty"`     // is_bot
	Gone     bool     `json:"gone,omitempty"`      // deactivated; what they do is delivered all the same
	Team     string   `json:"team,omitempty"`      // id of the workspace they are of; default this one
	Groups   []string `json:"groups,omitempty"`    // handles of the user groups
}

// Channel is a public channel. Every person is a member of every channel.
type Channel struct {
	ID    string `json:"id,omitempty"` // C…; default C0 + the name in capitals
	Name  string `json:"name"`         // without the #
	Topic string `json:"topic,omitempty"`
	Bot   bool   `json:"bot,omitempty"` // the bot is a member from the start
}

// Command is a slash command of the app, as its manifest would register it.
type Command struct {
	Name        string `json:"name"` // with the slash
	Hint        string `json:"hint,omitempty"`
	Description string `json:"description,omitempty"`
}

// withDefaults fills in what was left empty.
func (o Options) withDefaults() Options {
	if o.Token == "" {
		o.Token = randomID(24)
	}
	if o.People == nil {
		o.People = DefaultPeople()
	}
	if o.Channels == nil {
		o.Channels = DefaultChannels()
	}
	if o.Commands == nil {
		o.Commands = []Command{{Name: "/distro", Hint: "help | list | show NAME | sites | compare | upgrade | digest",
			Description: "Distributions, platforms and sites"}}
	}
	if o.Events == nil {
		o.Events = []string{"app_home_opened", "app_mention", "member_joined_channel", "message.im", "subteam_members_changed"}
	}
	if o.SigningSecret == "" {
		o.SigningSecret = derive(o.Token, "signing secret")[:32]
	}
	if o.BotName == "" {
		o.BotName = "distrobot"
	}
	o.Limits = o.Limits.withDefaults()
	return o.withTimes()
}

// withTimes fills in the clock and the durations.
func (o Options) withTimes() Options {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.AckTimeout == 0 {
		o.AckTimeout = 3 * time.Second
	}
	if o.PingInterval == 0 {
		o.PingInterval = 5 * time.Second
	}
	if o.EventRetries == nil {
		o.EventRetries = []time.Duration{time.Second, time.Minute, 5 * time.Minute}
	}
	return o
}

// withDefaults fills in the rates.
func (l Limits) withDefaults() Limits {
	if l.PostPerSecond == 0 {
		l.PostPerSecond = 1
	}
	if l.PostBurst == 0 {
		l.PostBurst = 20
	}
	return l
}
