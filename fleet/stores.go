package fleet

import (
	"context"
	"fmt"
	"hash/crc32"
	"time"
)

// A Family is a set of rows that one commit can change together: one slot of a
// Redis Cluster. Nothing is atomic over two families.
type Family string

// The families.
const (
	Catalogue Family = "c"    // distributions, platforms, sites, their indexes, announcements, watch cursors
	Schedules Family = "cron" // digests and other schedules
	AuditLog  Family = "a"    // the audit record
	Meta      Family = "m"    // schema, epoch, leases of singletons
	Slack     Family = "s"    // what is posted where, and what is still to be sent
	Feeds     Family = "v"    // advisories as their sources say them, and trends
)

// planShards is how many families share the plans.
const planShards = 16

// PlanFamily is the family of a plan.
func PlanFamily(id PlanID) Family {
	return Family(fmt.Sprintf("p:%02d", crc32.ChecksumIEEE([]byte(id))%planShards))
}

// PlanFamilies lists all of them.
func PlanFamilies() []Family {
	out := make([]Family, planShards)
	for i := range out {
		out[i] = Family(fmt.Sprintf("p:%02d", i))
	}
	return out
}

// HostFamily is the family of a host's tasks, their logs and due set.
func HostFamily(h HostName) Family { return Family("h:" + string(h)) }

// A Key addresses one row.
type Key struct {
	Family Family
	Noun   string // "dist", "plat", "site", "plan", "task", …
	ID     string
}

// A Record is a row that the store can keep: its key is taken from its own
// fields, which must be set before Get, and its other fields are encoded as
// JSON (Site has an encoding of its own). Pointers implement it.
type Record interface {
	Key() Key
	// Entries says in which indexes this value stands. The store moves the
	// entries in the commit that puts the row.
	Entries() []Entry
}

// Every record carries an HMAC under a key that Redis does not hold, and one
// whose HMAC is wrong is refused with an Error of code Tampered: what a plan,
// a target, a fact or a watch cursor says leads to work on hosts. A Hint is the
// exception: a record that only saves work, and whose forging moves nothing but
// the time at which something harmless is done.
type Hint interface{ SavesWorkOnly() }

// An Expiring record is dropped by the store when its life is over.
type Expiring interface{ Life() time.Duration }

// An Index is an ordered set of members within a family. Members with equal
// scores are ordered by name; times as scores are Unix milliseconds.
type Index struct {
	Family Family
	Name   string
}

// An Entry is a member of an index with its score.
type Entry struct {
	Index  Index
	Member string
	Score  int64
}

// A Page selects members of an index: those with From <= score <= To (To zero
// means no bound), skipping Offset, at most Limit (0 means all).
type Page struct {
	From, To      int64
	Offset, Limit int
	Descending    bool
}

// Store keeps every row. Implementations: store.Store over any Redis. Errors:
// *Error of code Later when the storage is away, Tampered, and internal ones.
type Store interface {
	// Read fills the records and reports for each whether it exists. The rows
	// are read together but not as one snapshot.
	Read(ctx context.Context, recs ...Record) ([]bool, error)
	// List gives members of an index, Count how many members each index has.
	List(ctx context.Context, ix Index, page Page) ([]string, error)
	Count(ctx context.Context, ixs ...Index) ([]int, error)
	// Update runs rule and commits what it put, at most once, if none of the
	// rows it read has changed; otherwise rule runs again. An error of rule is
	// returned as it is and nothing is committed.
	Update(ctx context.Context, fam Family, rule func(Tx) error) error
}

// Tx is one attempt of an Update.
type Tx interface {
	// Now is the store's clock at the start of the attempt.
	Now() time.Time
	// Get fills r and reports whether it exists. The commit fails if the row
	// has changed by then (or has come to exist).
	Get(r Record) (bool, error)
	// List reads an index of this family. Membership is not guarded: rules
	// that depend on it also Get the row whose change accompanies each change
	// of membership (the distribution, for its platforms and sites).
	List(ix Index, page Page) ([]string, error)
	// Put writes r, which must have been got in this attempt; Delete drops it.
	Put(r Record)
	Delete(r Record)
	// Emit records effects in the family's outbox, in the same commit.
	Emit(e ...Effect)
	// Until lets the commit succeed only while the store's clock is before t:
	// expiry is enforced at the decision. If it is past, Update runs the rule
	// again with the later Now.
	Until(t time.Time)
}

// Outbox gives the effects of a family in the order of their commits.
type Outbox interface {
	// Waiting gives those families whose outboxes are not empty, in their order.
	Waiting(ctx context.Context, fams ...Family) ([]Family, error)
	// Pending reads up to n effects that were not acknowledged.
	Pending(ctx context.Context, fam Family, n int) ([]PendingEffect, error)
	// Ack drops effects that have been carried.
	Ack(ctx context.Context, fam Family, ids ...string) error
}

// A PendingEffect is an effect waiting in an outbox. ID is unique in its
// family and rises.
type PendingEffect struct {
	ID     string
	Effect Effect
}

// Logs keeps the output of tasks: bounded, append-only, not part of commits.
type Logs interface {
	// Append adds lines to the log of a task; over 5,000 lines the oldest go.
	Append(ctx context.Context, task TaskID, host HostName, lines ...LogLine) error
	// Lines gives up to n lines after the cursor ("" is the beginning) and the
	// next cursor.
	Lines(ctx context.Context, task TaskID, host HostName, after string, n int) ([]LogLine, string, error)
}

// A LogLine is one line of a task's log, without secrets.
type LogLine struct {
	At   time.Time `json:"at"`
	Step string    `json:"step,omitempty"`
	Text string    `json:"text"`
}

// Trail is the audit record: append-only and chained by hashes.
type Trail interface {
	// Record appends an event once per id.
	Record(ctx context.Context, id string, e AuditEvent) error
	// Events gives up to n events, newest first, before the cursor.
	Events(ctx context.Context, before string, n int) ([]AuditEvent, string, error)
	// Verify walks the chain and returns how many events it holds; an error of
	// code Tampered names the first event that does not fit.
	Verify(ctx context.Context) (int, error)
}

// One reads a record that must exist; it returns an Error of code NotFound
// with what, as in "site shop.example.org", if it does not.
func One(ctx context.Context, s Store, r Record, what string) error {
	found, err := s.Read(ctx, r)
	if err != nil {
		return err
	}
	if !found[0] {
		return Errorf(NotFound, "There is no %s.", what)
	}
	return nil
}
