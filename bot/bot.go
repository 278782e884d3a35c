package bot

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/slack-go/slack"

	"github.com/distrobot/distrobot/fleet"
)

// Tokens are the credentials for Slack.
type Tokens struct {
	Bot     string // xoxb-…
	App     string // xapp-…: Socket Mode
	Signing string // the signing secret: HTTP mode
	APIURL  string // "https://slack.com/api/" when empty
}

// Config is what a Bot needs. Desk, Store, Narrate and one of the tokens App
// and Signing are required.
type Config struct {
	Tokens  Tokens
	Desk    Desk // may be set later, by SetDesk, since it needs Roles
	Store   fleet.Store
	Narrate func(ctx context.Context, s fleet.Subject) (fleet.Message, error)
	Roles   RoleConfig
	Owner   string       // of leases: unique for this process
	Meter   Meter        // nil counts nothing
	Log     *slog.Logger // nil is slog's default
	Pace    Pace         // zero is Slack's published rates
	// Sockets is how many Socket Mode connections are held, 1 when it is 0. Slack
	// gives each request to any one of them, ends each every few hours, and allows
	// an app ten over all replicas. With two or more nothing waits for one to come
	// back. They are opened SocketsApart (30 s) from each other.
	Sockets      int
	SocketsApart time.Duration
}

// Bot is distrobot in one Slack workspace. Make it with New, Run it, and use
// Roles, Resolve and Handler wherever they are needed.
type Bot struct {
	config   Config
	client   *client
	api      *slack.Client
	roles    *roles
	channels *channels
	disp     *dispatcher
	sockets  []*socket
	http     *httpMode
	sender   *sender
	pool     *pool
	cancel   context.CancelFunc // ends work in progress

	mu sync.Mutex
	id identity
}

// maxRequests is how many requests are handled at once.
const maxRequests = 256

// New makes a bot. With an App token it uses Socket Mode, with a Signing secret
// HTTP mode; with both, both.
func New(c Config) (*Bot, error) {
	if c.Tokens.Bot == "" {
		return nil, errors.New("a bot token is required")
	}
	if c.Tokens.App == "" && c.Tokens.Signing == "" {
		return nil, fmt.Errorf("an app token (Socket Mode) or a signing secret is required: %w", errNoSecret)
	}
	if c.Meter == nil {
		c.Meter = noMeter{}
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	b := &Bot{config: c, pool: newPool(maxRequests)}
	b.client, b.api = newClient(c.Tokens, c.Meter)
	people := newPeople(b.api, b.identity)
	b.roles = newRoles(c.Roles, b.api, people, b.identity)
	b.channels = newChannels(b.api)
	b.sender = newSender(senderConfig{api: b.api, store: c.Store, narrate: c.Narrate, owner: c.Owner, pace: c.Pace, meter: c.Meter, log: c.Log})
	b.disp = &dispatcher{
		desk: c.Desk, api: b.api, respond: newResponder(c.Tokens.APIURL), who: b.identity,
		home: &homes{store: c.Store, tell: b.tellHome, api: b.api, log: c.Log},
		seen: &seen{store: c.Store, log: c.Log}, people: people, roles: b.roles, pacer: b.sender.pacer,
		changed: func(channel string) { b.channels.forget(); b.sender.invited(channel) },
		meter:   c.Meter, log: c.Log,
	}
	return b, b.transports()
}

func (b *Bot) transports() error {
	base, cancel := context.WithCancel(context.Background())
	b.cancel = cancel
	if b.config.Tokens.App != "" {
		apart := b.config.SocketsApart
		if apart == 0 {
			apart = 30 * time.Second
		}
		for i := range max(1, b.config.Sockets) {
			b.sockets = append(b.sockets, &socket{api: b.api, storm: &storm{}, d: b.disp, pool: b.pool, base: base,
				meter: b.config.Meter, log: b.config.Log, after: time.Duration(i) * apart})
		}
	}
	if b.config.Tokens.Signing == "" {
		return nil
	}
	h, err := newHTTPMode(b.config.Tokens.Signing, b.disp, b.pool)
	if err != nil {
		return err
	}
	h.base, h.ready = base, func() bool { return b.identity().team != "" }
	b.http = h
	return nil
}

// SetDesk gives the bot who answers. It is called once, before Run: the desk
// needs the bot's Roles, and the bot needs the desk.
func (b *Bot) SetDesk(d Desk) { b.disp.desk = d }

// tellHome asks the desk what a person's page says.
func (b *Bot) tellHome(ctx context.Context, who fleet.Actor) ([]fleet.Message, error) {
	return b.disp.desk.Home(ctx, who)
}

// Roles tells what people may do, from Slack's users and user groups.
func (b *Bot) Roles() fleet.Roles { return b.roles }

// Resolve gives the id of a channel that may be named by id, "#name" or
// "name". Errors: *fleet.Error of code NotFound, or Later when Slack is away.
func (b *Bot) Resolve(ctx context.Context, channel string) (string, error) {
	return b.channels.resolve(ctx, channel)
}

// Joined refuses a channel, by name or id, that the bot is not in; nil also when
// that cannot be told at the moment.
func (b *Bot) Joined(ctx context.Context, channel string) error {
	return b.channels.joined(ctx, channel)
}

// Handler serves HTTP mode under /slack/; nil without a signing secret.
func (b *Bot) Handler() http.Handler {
	if b.http == nil {
		return nil
	}
	return b.http
}

// Wake makes the sender look at the outbox at once instead of at its next tick.
func (b *Bot) Wake() { b.sender.wakeUp() }

// Run connects and works until ctx ends, then lets requests that were begun
// end. It returns early only when Slack refuses the credentials for good.
func (b *Bot) Run(ctx context.Context) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var wg sync.WaitGroup
	start := func(f func(context.Context) error) {
		wg.Go(func() {
			if err := f(ctx); err != nil {
				stop(err)
			}
		})
	}
	start(func(ctx context.Context) error {
		if err := b.identify(ctx); err != nil || ctx.Err() != nil {
			return err
		}
		start(b.sender.run)
		start(b.disp.home.run)
		for _, s := range b.sockets {
			start(s.run)
		}
		return nil
	})
	<-ctx.Done()
	wg.Wait()
	b.finish()
	if err := context.Cause(ctx); errors.Is(err, errAuth) {
		return err
	}
	return nil
}

// finish waits for requests that were begun, for at most five seconds.
func (b *Bot) finish() {
	done := make(chan struct{})
	go func() { b.pool.drain(); close(done) }()
	select {
	case <-done:
	case <-time.After(5 * time.Second):
		b.config.Log.Warn("requests were still under way at the end")
	}
	b.cancel()
}

// identify learns who the bot is. Slack may be away when the bot starts; then
// it is tried again until it is there. The error is errAuth, for good.
func (b *Bot) identify(ctx context.Context) error {
	me, err := backoff.Retry(ctx, func() (*slack.AuthTestResponse, error) {
		me, err := b.api.AuthTestContext(ctx)
		if f := fatal(err); errors.Is(f, errAuth) {
			return nil, backoff.Permanent(f)
		}
		return me, err
	}, backoff.WithBackOff(growing()), backoff.WithMaxElapsedTime(0), backoff.WithNotify(func(err error, in time.Duration) {
		b.config.Log.WarnContext(ctx, "slack cannot be reached; trying again", "error", err, "in", in)
	}))
	if ctx.Err() != nil {
		return nil
	}
	if err != nil {
		return err
	}
	b.mu.Lock()
	b.id = identity{team: me.TeamID, user: me.UserID, bot: me.BotID, url: me.URL, enterprise: me.EnterpriseID, app: b.appOf(ctx, me.BotID)}
	b.mu.Unlock()
	b.config.Log.InfoContext(ctx, "connected to slack", "team", me.Team, "user", me.User)
	return nil
}

// appOf learns which app the bot belongs to; requests for another are refused. It
// is only a second look at what the signature and the connection show already,
// so a Slack that does not tell is no reason to wait.
func (b *Bot) appOf(ctx context.Context, id string) string {
	if id == "" {
		return ""
	}
	bot, err := b.api.GetBotInfoContext(ctx, slack.GetBotInfoParameters{Bot: id})
	if err != nil {
		b.config.Log.InfoContext(ctx, "slack does not tell the app of the bot", "error", err)
		return ""
	}
	return bot.AppID
}

// growing are pauses between attempts to connect, from a second to a minute,
// spread so that replicas do not come back all at once.
func growing() *backoff.ExponentialBackOff {
	g := backoff.NewExponentialBackOff()
	g.InitialInterval, g.MaxInterval, g.Multiplier = time.Second, time.Minute, 2
	return g
}

func (b *Bot) identity() identity {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.id
}

// Health is what /readyz and doctor show.
type Health struct {
	Ready bool     // requests from Slack reach the bot
	Notes []string // what an operator should do, one sentence each
}

// Health tells how the bot stands to Slack.
func (b *Bot) Health() Health {
	h := Health{Ready: b.identity().team != ""}
	if !h.Ready {
		h.Notes = append(h.Notes, "Slack has not answered auth.test yet.")
	}
	connected := len(b.sockets) == 0 || b.http != nil
	for _, s := range b.sockets {
		is, notes := s.health()
		connected = connected || is
		for _, n := range notes {
			if !slices.Contains(h.Notes, n) {
				h.Notes = append(h.Notes, n)
			}
		}
	}
	h.Ready = h.Ready && connected
	if orgWide(b.identity().team) {
		h.Ready = false
		h.Notes = append(h.Notes, orgWideText)
	}
	for _, s := range b.client.missing(Scopes()) {
		h.Notes = append(h.Notes, "The bot token lacks the scope "+s+"; reinstall the app from slack-manifest.yaml.")
	}
	h.Notes = append(h.Notes, b.sender.troubles()...)
	return h
}
