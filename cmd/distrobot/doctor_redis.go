package main

import (
	"context"
	"strings"

	"github.com/distrobot/distrobot/store"
)

// durability says what the server would lose, and when. On one that would lose
// what is approved, nothing can be; in a trial that is only a warning.
func durability(d store.Durability, cfg Config) []finding {
	how := "it answers, version " + d.Version
	if d.AppendOnly == "yes" {
		how += ", append-only file written out: " + d.Fsync
	}
	out := []finding{fine("redis", how)}
	for _, f := range d.Faults() {
		refused := f.Weight == store.Loses || f.Weight == store.Untold && !cfg.RedisTrusted
		switch {
		case refused && !cfg.Trial:
			out = append(out, broken("redis", f.Text+", so nothing can be approved", f.Remedy))
		case f.Weight == store.Untold && cfg.RedisTrusted:
			out = append(out, fine("redis", f.Text+"; DISTROBOT_REDIS_TRUSTED says that it is right"))
		default:
			out = append(out, warning("redis", f.Text, f.Remedy))
		}
	}
	return out
}

// checkAccount tries each command that the program needs.
func checkAccount(ctx context.Context, s *store.Store) []finding {
	refused, err := s.Forbidden(ctx)
	switch {
	case err != nil:
		return []finding{broken("redis", failure(err).Message.Text, "check that the server runs and may be written")}
	case len(refused) > 0:
		return []finding{broken("redis", "its account may not use "+strings.Join(refused, ", "), "give it this: ACL SETUSER NAME "+store.ACL)}
	}
	return []finding{fine("redis", "its account may do all that is needed")}
}
