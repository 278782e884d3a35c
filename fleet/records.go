package fleet

import "time"

// A Post is what is known of one subject's message in one channel: where it
// is, and whether its present state still has to be sent. The sender alone
// writes TS and State; Notices only raise Wanted.
type Post struct {
	Subject Subject   `json:"subject"`
	Channel string    `json:"channel"` // Slack channel id
	Parent  Subject   `json:"parent,omitempty"`
	TS      string    `json:"ts,omitempty"`     // of the message in Slack; "" before it was posted
	Thread  string    `json:"thread,omitempty"` // ts of the parent's message
	Wanted  int64     `json:"wanted"`           // raised by each notice
	Sent    int64     `json:"sent"`             // the value of Wanted that was shown last
	Shown   string    `json:"shown,omitempty"`  // digest of what was sent, to save an edit that changes nothing
	State   PostState `json:"state"`
	More    int       `json:"more,omitempty"` // of a long message: its part that goes into the thread next; 0 is none
	// Pictures is a digest of those that went into the thread, or are on their way.
	Pictures string    `json:"pictures,omitempty"`
	Nonce    string    `json:"nonce,omitempty"` // in the metadata of a first post, to find it again after a crash
	Due      time.Time `json:"due,omitzero"`
	Fails    int       `json:"fails,omitempty"`
	Error    string    `json:"error,omitempty"` // Slack's last refusal
	At       time.Time `json:"at"`
}

// A PostState says what the sender does about a post.
type PostState string

// The states: idle (shown as wanted), due, sending (journaled before the call;
// after a crash reconciled by metadata), dropped (Slack refused for good).
const (
	PostIdle    PostState = "idle"
	PostDue     PostState = "due"
	PostSending PostState = "sending"
	PostDropped PostState = "dropped"
)

// Key implements Record.
func (p *Post) Key() Key { return Key{Slack, "post", string(p.Subject) + "|" + p.Channel} }

// Entries implements Record: unsent posts by the time they are due, and all
// posts of a subject.
func (p *Post) Entries() []Entry {
	out := []Entry{{PostsOf(p.Subject), p.Channel, p.At.UnixMilli()}}
	if p.State == PostDue || p.State == PostSending {
		out = append(out, Entry{PostsDue, string(p.Subject) + "|" + p.Channel, p.Due.UnixMilli()})
	}
	return out
}

// Life implements Expiring: Slack keeps messages, we forget after 90 days.
func (p *Post) Life() time.Duration { return 90 * 24 * time.Hour }

// PostsDue orders unsent posts; PostsOf lists the channels a subject is in.
var PostsDue = Index{Slack, "posts:due"}

// PostsOf lists the channels a subject was posted in.
func PostsOf(s Subject) Index { return Index{Slack, "posts:" + string(s)} }

// A Lease makes one of several replicas do a job that one must do alone. It is
// only an economy: whatever is done under it is safe to do twice.
type Lease struct {
	Name  string    `json:"name"`
	Owner string    `json:"owner"`
	Until time.Time `json:"until"`
}

// Key implements Record.
func (l *Lease) Key() Key { return Key{Meta, "lease", l.Name} }

// Entries implements Record.
func (l *Lease) Entries() []Entry { return nil }

// SavesWorkOnly implements Hint.
func (l *Lease) SavesWorkOnly() {}

// A Request remembers the answer to a press or command by its id, so that the
// same request delivered twice acts once and is answered the same.
type Request struct {
	Family Family `json:"-"`
	ID     string `json:"-"`
	Answer string `json:"answer"`
}

// Key implements Record.
func (r *Request) Key() Key { return Key{r.Family, "req", r.ID} }

// Entries implements Record.
func (r *Request) Entries() []Entry { return nil }

// Life implements Expiring: deliveries were seen repeated over many minutes.
func (r *Request) Life() time.Duration { return 24 * time.Hour }

// An Alarm is a notice of trouble that belongs to no other subject: a source
// that cannot be read, a moved tag, a site that is worse after its switch.
type Alarm struct {
	ID      string    `json:"id"`
	Title   string    `json:"title"`
	Text    string    `json:"text"`
	Tone    Tone      `json:"tone"`
	About   string    `json:"about"`             // name of a distribution, site or host
	Buttons []Button  `json:"buttons,omitempty"` // what can be done about it
	Over    bool      `json:"over,omitempty"`    // it has passed; the message says so
	At      time.Time `json:"at"`
	Ended   time.Time `json:"ended,omitzero"`
	Channel string    `json:"channel,omitempty"`
	Held    time.Time `json:"held,omitzero"` // not shown before, because people want quiet
}

// Key implements Record.
func (a *Alarm) Key() Key { return Key{Catalogue, "alarm", a.ID} }

// Entries implements Record: one that is held back by the time it is shown.
func (a *Alarm) Entries() []Entry {
	if a.Held.IsZero() {
		return nil
	}
	return []Entry{{HeldAlarms, a.ID, a.Held.UnixMilli()}}
}

// HeldAlarms orders alarms that are held back by the time they are shown.
var HeldAlarms = Index{Catalogue, "heldalarms"}

// Life implements Expiring.
func (a *Alarm) Life() time.Duration { return 90 * 24 * time.Hour }

// A Digest is a scheduled list of out-of-date sites for one channel. It fires
// when the store's clock passes Next, by compare-and-set, once over replicas.
type Digest struct {
	Name    string    `json:"name"`
	Channel string    `json:"channel"`
	Spec    string    `json:"spec"` // five cron fields
	Zone    string    `json:"zone"` // IANA time zone name
	Next    time.Time `json:"next"`
	Last    time.Time `json:"last,omitzero"`
	By      Actor     `json:"by"`
	Quiet   bool      `json:"quiet,omitempty"` // nothing is posted when nothing is out of date
	Skip    bool      `json:"skip,omitempty"`  // a firing that was missed is not made up for
}

// Key implements Record.
func (d *Digest) Key() Key { return Key{Schedules, "digest", d.Name} }

// Entries implements Record: by the time it fires next.
func (d *Digest) Entries() []Entry {
	return []Entry{{DigestsDue, d.Name, d.Next.UnixMilli()}}
}

// DigestsDue orders the digests by the time they fire.
var DigestsDue = Index{Schedules, "digests"}

// An Epoch is the high half of every site fence. Whoever restores an older
// copy of the store raises it, so that fences written on hosts since then stay
// behind the ones that are given out anew. Without a row it is 1.
type Epoch struct {
	N int64 `json:"n"`
}

// Key implements Record.
func (e *Epoch) Key() Key { return Key{Catalogue, "epoch", "epoch"} }

// Entries implements Record.
func (e *Epoch) Entries() []Entry { return nil }

// A Slot holds the latest plan for one kind, scope and target. Taking it by
// compare-and-set makes two replicas that offer the same plan at once offer
// one: whoever loses uses the winner's id.
type Slot struct {
	Name string `json:"name"` // see slotName
	Plan PlanID `json:"plan"`
}

// Key implements Record.
func (s *Slot) Key() Key { return Key{Catalogue, "slot", s.Name} }

// Entries implements Record.
func (s *Slot) Entries() []Entry { return nil }

// Life implements Expiring: no plan stays undecided for so long.
func (s *Slot) Life() time.Duration { return 90 * 24 * time.Hour }
