package store

import (
	"fmt"
	"strings"

	"github.com/distrobot/distrobot/fleet"
)

// keys names every key that the store uses, one function each. All keys of a
// family share the hash tag {family}, hence one slot of a Cluster; what follows
// the tag may hold any character.
type keys struct{ prefix string }

// in begins a key of a family.
func (k keys) in(f fleet.Family) string { return k.prefix + ":{" + string(f) + "}:" }

// row holds one record: a hash with "rev" and the record's fields.
func (k keys) row(key fleet.Key) string { return k.in(key.Family) + key.Noun + ":" + key.ID }

// index holds the members of one index: a set if it is plain, else a sorted set.
func (k keys) index(ix fleet.Index) string { return k.in(ix.Family) + "ix:" + ix.Name }

// op remembers that a commit was made; it expires.
func (k keys) op(f fleet.Family, id string) string { return k.in(f) + "op:" + id }

// epoch is the highest epoch under which a family was written; absent is 1.
func (k keys) epoch(f fleet.Family) string { return k.in(f) + "epoch" }

// outbox is the stream of effects that wait to be carried.
func (k keys) outbox(f fleet.Family) string { return k.in(f) + "outbox" }

// refused is the stream of outbox entries whose signature was wrong.
func (k keys) refused(f fleet.Family) string { return k.in(f) + "outbox:refused" }

// log is the stream of a task's output.
func (k keys) log(h fleet.HostName, t fleet.TaskID) string {
	return k.in(fleet.HostFamily(h)) + "task:" + string(t) + ":log"
}

// audit is the stream of the audit record.
func (k keys) audit() string { return k.in(fleet.AuditLog) + "audit" }

// meta is a hash: schema, created, epoch.
func (k keys) meta() string { return k.in(fleet.Meta) + "meta" }

// bad reports whether the prefix would spoil the hash tags.
func (k keys) bad() bool { return strings.ContainsAny(k.prefix, "{}") }

// plain reports whether all scores of an index are zero and stay so: it is
// then kept as a set, which costs 61 bytes a member instead of 121. These are
// the indexes of sites, named "…:sites".
func plain(ix fleet.Index) bool { return strings.HasSuffix(ix.Name, ":sites") }

// checkFamily refuses families that would not be one hash tag.
func checkFamily(f fleet.Family) error {
	if f == "" || strings.ContainsAny(string(f), "{}") {
		return fmt.Errorf("store: %q cannot be a family", f)
	}
	return nil
}
