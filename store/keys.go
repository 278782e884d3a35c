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

// meta is a hash: schema, created, epoch, key (see meta.go), base (see resign.go).
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

// What a key of ours is, as whole gives it.
const (
	isRow    = "row"
	isLog    = "log"
	isOutbox = "outbox"
	isAudit  = "audit"
	isOther  = "" // indexes, which rows tell; ops, epochs, the meta row: this life's
)

// whole takes a key apart: what it is, and of a row its address.
func (k keys) whole(key string) (is string, row fleet.Key) {
	rest, ok := strings.CutPrefix(key, k.prefix+":{")
	fam, rest, ok2 := strings.Cut(rest, "}:")
	noun, id, ok3 := strings.Cut(rest, ":")
	row = fleet.Key{Family: fleet.Family(fam), Noun: noun, ID: id}
	switch {
	case !ok || !ok2:
		return isOther, fleet.Key{}
	case rest == "outbox":
		return isOutbox, row
	case rest == "audit" && row.Family == fleet.AuditLog:
		return isAudit, row
	case !ok3 || noun == "ix" || noun == "op" || noun == "outbox":
		return isOther, row
	case noun == "task" && strings.HasSuffix(id, ":log"):
		return isLog, row
	}
	return isRow, row
}
