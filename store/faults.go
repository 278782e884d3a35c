package store

import (
	"fmt"
	"time"
)

// A Weight says what a fault means for what is approved.
type Weight int

// The weights, by danger.
const (
	Advice Weight = iota // nothing is lost by it as long as the machine runs
	Untold               // the server does not tell; somebody who knows has to
	Loses                // what is approved would be lost
)

// A Fault is a setting or a state of the server that should be otherwise.
type Fault struct {
	Weight Weight
	Text   string // what is, without a full stop: "appendonly is no"
	Remedy string // what to do about it
}

// OldestRedis has the append-only directory and everything the scripts need.
const OldestRedis = "7.0"

// fullFrom is how much of maxmemory may be used before people are told.
const fullFrom = 0.9

// Faults judges what a server says, the rules in the order in which they are
// told. The list is empty for one that loses nothing, ever.
func (d Durability) Faults() []Fault {
	if d.InProcess {
		return []Fault{{Loses, "everything is kept in this process alone", "set DISTROBOT_REDIS_URL=local, or to a server"}}
	}
	var out []Fault
	add := func(is bool, w Weight, text, remedy string) {
		if is {
			out = append(out, Fault{w, text, remedy})
		}
	}
	untold := "look it up in the settings of the service that runs it; if it is right, set DISTROBOT_REDIS_TRUSTED=true"
	add(d.Role == "slave", Loses, "this server is a replica, which takes no writes", "name its master, or use redis+sentinel://")
	add(d.AppendOnly == unknown, Untold, "appendonly cannot be asked for", untold)
	add(d.AppendOnly == "no", Loses, "appendonly is no", "set appendonly yes: without it every restart loses approvals and journals")
	add(d.AppendOnly != "no" && d.Fsync == unknown, Untold, "appendfsync cannot be asked for", untold)
	add(d.AppendOnly != "no" && d.Fsync == "no", Loses, "appendfsync is no", "set appendfsync always, or everysec: with no, a power cut loses half a minute")
	add(d.Eviction == unknown, Untold, "maxmemory-policy cannot be asked for", untold)
	add(d.Eviction != unknown && d.Eviction != "noeviction", Loses, "maxmemory-policy is "+d.Eviction,
		"set maxmemory-policy noeviction: eviction deletes rows of the fleet")
	add(d.Writing != "ok" && d.Writing != unknown, Loses, "the last write of its append-only file failed", "look at its log and its disk")
	add(d.Memory >= fullFrom, Advice, fmt.Sprintf("%.0f %% of maxmemory is used", 100*d.Memory),
		"raise maxmemory: when it is reached nothing can be written any more")
	add(d.Evicted > 0, Advice, fmt.Sprintf("%d keys were evicted since it was started", d.Evicted),
		"rows of the fleet may be missing: compare with a backup, or run: distrobot do \"site adopt --all\"")
	add(d.AppendOnly == "yes" && d.Fsync == "everysec" && !d.waits(), Advice,
		"appendfsync is everysec and version "+d.Version+" has no WAITAOF: a power cut loses up to two seconds of what was acknowledged",
		"set appendfsync always, or use Redis 7.2 or Valkey, where distrobot waits for the disk")
	add(older(d.Version, OldestRedis), Advice, "the version is "+d.Version, "use Redis "+OldestRedis+" or later")
	add(d.Skew.Abs() > time.Second, Advice, "its clock differs from this machine's by "+d.Skew.Abs().Round(time.Millisecond).String(), "run a time service on both")
	return out
}

// danger orders servers by what they would lose.
func (d Durability) danger() (n int) {
	for _, f := range d.Faults() {
		n += 1 << (8 * f.Weight)
	}
	return n
}
