package store

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/distrobot/distrobot/fleet"
)

// A trouble is an answer of Redis that passes by itself or when an operator
// acts: the server is loading, failing over, full, cannot persist, or knows our
// account no more.
type trouble struct{ begins, text, hint string }

// away is the sentence for a server that does not answer, and for most troubles.
const awayText = "Storage cannot be reached; nothing was changed, or it is not known: look before you repeat."

// troubles, by the beginning of the answer. A script's own error has "ERR " and
// more before it in some versions, so the word is looked for there, too.
var troubles = []trouble{
	{"OOM ", "Redis has reached its maxmemory: it can be read, but nothing can be written; nothing was changed.", "Raise maxmemory of Redis, then try again; distrobot doctor shows how full it is."},
	{"MISCONF ", "Redis cannot write its file, so it takes no changes; nothing was changed.", "Look at the disk and the log of Redis, then try again."},
	{"READONLY ", "The Redis that answers is a replica and takes no changes; nothing was changed.", "If this lasts, let DISTROBOT_REDIS_URL name the master, or use redis+sentinel://."},
	{"NOAUTH ", "Redis does not accept the password any more; nothing was changed.", "Set the new one in DISTROBOT_REDIS_URL and restart distrobot."},
	{"WRONGPASS ", "Redis does not accept the password any more; nothing was changed.", "Set the new one in DISTROBOT_REDIS_URL and restart distrobot."},
	{"NOPERM ", "The account of distrobot in Redis may not do what is needed; nothing was changed.", "Run distrobot doctor: it says which rule the account lacks."},
	{"LOADING ", "Redis has just been started and reads its files; nothing was changed.", "Try again in a moment."},
	{"CLUSTERDOWN ", "The Redis Cluster is down: some of its servers are missing; nothing was changed.", "Try again when they are back."},
	{"NOREPLICAS ", "Redis has too few replicas to take changes; nothing was changed.", "Look at its replicas, then try again."},
	{begins: "MASTERDOWN"}, {begins: "TRYAGAIN"}, {begins: "BUSY "}, {begins: "UNBLOCKED"}, {begins: "MOVED"}, {begins: "ASK "}, {begins: "ERR max number of clients"},
}

// away turns an error of Redis into what callers may show: code Later when the
// storage cannot be reached or cannot write now, an internal fault otherwise.
// doing says what was under way, for the log.
func away(doing string, err error) error {
	if err == nil {
		return nil
	}
	if fleet.CodeOf(err) != "" {
		return err // already worded
	}
	cause := fmt.Errorf("store: %s: %w", doing, err)
	var reply redis.Error
	if errors.As(err, &reply) {
		t, is := troubleOf(reply.Error())
		if !is {
			return cause
		}
		if t.text != "" {
			return fleet.Errorf(fleet.Later, "%s", t.text).WithHint("%s", t.hint).Because(cause)
		}
	}
	if errors.Is(err, context.Canceled) {
		return fleet.Errorf(fleet.Later, "The request was given up before storage answered: look before you repeat.").Because(cause)
	}
	return fleet.Errorf(fleet.Later, "%s", awayText).Because(cause)
}

// troubleOf finds what an answer says.
func troubleOf(reply string) (trouble, bool) {
	for _, t := range troubles {
		if strings.HasPrefix(reply, t.begins) || strings.HasPrefix(reply, "ERR ") && strings.Contains(reply, "-"+t.begins) {
			return t, true
		}
	}
	return trouble{}, false
}

// tampered is the error of a row, effect or event whose signature is wrong.
func tampered(what string) error {
	return fleet.Errorf(fleet.Tampered, "The record of %s was changed by someone without the key; it is refused.", what).
		WithHint("Restore it from a backup, or make it again.")
}
