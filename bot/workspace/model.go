package workspace

import (
	"encoding/json"
	"fmt"
	"time"
)

// obj is a JSON object in the making.
type obj = map[string]any

// channel is a conversation: a public channel, or the direct conversation of
// one person with the bot.
type channel struct {
	Channel
	im       string // id of the person, for a direct conversation
	messages []*message
	byTS     map[string]*message
}

// message is a message as it stands now. Ephemeral ones live in state.ephemerals.
type message struct {
	rev         int64 // state.rev at the last change
	TS          string
	channel     *channel
	User        string // author's user id
	bot         bool
	Text        string
	Blocks      []any // decoded; ids filled in
	Attachments json.RawMessage
	Metadata    json.RawMessage
	ThreadTS    string // of the root, for a reply
	Broadcast   bool   // the reply is shown in the channel too
	edits       int
	editedTS    string // empty if the last change left no "edited" mark
	deleted     bool   // a tombstone, so that a page notices
	reactions   []reaction
	files       []*file
	ephemeralTo string // user id, for an ephemeral message
	// values holds what each person has chosen in this message's selects:
	// user id, block id, action id.
	values map[string]blockValues
	// worn are buttons of former versions, newest first. A screen that has not
	// caught up still shows them, and Slack delivers such a press.
	worn []placed
}

// blockValues is Slack's state.values: block id, action id, typed value.
type blockValues map[string]map[string]obj

// reaction is one emoji under a message.
type reaction struct {
	Name  string   `json:"name"`
	Users []string `json:"users"`
	Count int      `json:"count"`
}

// view is a modal or an App Home tab.
type view struct {
	ID              string
	Type            string // modal or home
	Hash            string
	CallbackID      string
	ExternalID      string
	PrivateMetadata string
	NotifyOnClose   bool
	ClearOnClose    bool
	user            string
	root, previous  string // ids, for a stack of modals
	body            obj    // as the app sent it, block ids filled in
	values          blockValues
	// target is where the modal was opened from, for response_urls.
	target *channel
}

// trigger is the right to open one modal soon after an interaction.
type trigger struct {
	user    string
	channel *channel
	view    string // the modal the interaction happened in, if any
	issued  time.Time
	used    bool
}

// triggerLife is how long a trigger id lives; from Slack's documentation.
const triggerLife = 3 * time.Second

// counters are what scripts ask about the app's manners.
type counters struct {
	Posts          int `json:"posts"`
	Edits          int `json:"edits"`
	Deleted        int `json:"deleted"`
	Ephemerals     int `json:"ephemerals"`
	Rejected       int `json:"rejected"`       // answers with ok:false
	Unacknowledged int `json:"unacknowledged"` // payloads without an answer in time
	RateLimited    int `json:"rate_limited"`
	Delivered      int `json:"delivered"`
	Opens          int `json:"connections_opened"`
	Sockets        int `json:"sockets"`
}

// state is everything the workspace remembers.
type state struct {
	rev        int64
	born       time.Time
	lastTS     int64 // microseconds, for unique timestamps
	people     []Person
	bot        Person
	botID      string
	teamID     string
	appID      string
	channels   []*channel
	ephemerals map[string][]*message
	stacks     map[string][]*view // open modals of a person, bottom first
	homes      map[string]*view
	triggers   map[string]*trigger
	responses  map[string]*responseURL
	offers     map[string][]any // options an app suggested last, see suggest.go
	files      map[string]*file
	count      counters
}

// newState lays out the workspace.
func newState(o Options) *state {
	st := &state{
		born:  o.Now(),
		botID: idFromName("B0", o.BotName), teamID: "T0LOCAL", appID: idFromName("A0", o.BotName),
		bot:        Person{ID: idFromName("U0", o.BotName), Name: o.BotName, RealName: o.BotName}.withDefaults(),
		ephemerals: map[string][]*message{}, stacks: map[string][]*view{}, homes: map[string]*view{},
		triggers: map[string]*trigger{}, responses: map[string]*responseURL{}, offers: map[string][]any{}, files: map[string]*file{},
	}
	for _, c := range o.Channels {
		st.addChannel(&channel{Channel: c.withDefaults()})
	}
	for _, p := range o.People {
		p = p.withDefaults()
		st.people = append(st.people, p)
		st.addChannel(&channel{im: p.ID, Channel: Channel{ID: "D" + p.ID[1:], Name: "dm-" + p.Name, Bot: true}})
	}
	return st
}

func (st *state) addChannel(c *channel) {
	c.byTS = map[string]*message{}
	st.channels = append(st.channels, c)
}

// nextTS gives a message timestamp, unique and rising even if the clock is not.
func (st *state) nextTS(now time.Time) string {
	micros := now.UnixMicro()
	if micros <= st.lastTS {
		micros = st.lastTS + 1
	}
	st.lastTS = micros
	return fmt.Sprintf("%d.%06d", micros/1_000_000, micros%1_000_000)
}
