package store

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/distrobot/distrobot/fleet"
)

// passing are beginnings of Redis's replies that pass by themselves or when an
// operator acts: the server is loading, failing over, full or cannot persist.
var passing = []string{
	"LOADING", "READONLY", "MASTERDOWN", "CLUSTERDOWN", "TRYAGAIN", "NOREPLICAS", "MISCONF",
	"OOM", "BUSY ", "UNBLOCKED", "MOVED", "ASK ", "NOAUTH", "WRONGPASS", "ERR max number of clients",
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
	var reply redis.Error
	if errors.As(err, &reply) && !passes(reply.Error()) {
		return fmt.Errorf("store: %s: %w", doing, err)
	}
	text := "Storage cannot be reached; nothing was changed, or it is not known: look before you repeat."
	if errors.Is(err, context.Canceled) {
		text = "The request was given up before storage answered: look before you repeat."
	}
	return fleet.Errorf(fleet.Later, "%s", text).Because(fmt.Errorf("store: %s: %w", doing, err))
}

func passes(reply string) bool {
	for _, p := range passing {
		if strings.HasPrefix(reply, p) {
			return true
		}
	}
	return false
}

// tampered is the error of a row, effect or event whose signature is wrong.
func tampered(what string) error {
	return fleet.Errorf(fleet.Tampered, "The record of %s was changed by someone without the key; it is refused.", what).
		WithHint("Restore it from a backup, or make it again.")
}
