package database

import (
	"fmt"
	"log/slog"
	"path"
	"regexp"
)

// A Secret is a password. It shows itself to nobody who prints or logs it.
type Secret string

const hidden = "[redacted]"

// String hides the secret from fmt.
func (Secret) String() string { return hidden }

// GoString hides the secret from %#v.
func (Secret) GoString() string { return hidden }

// LogValue hides the secret from slog.
func (Secret) LogValue() slog.Value { return slog.StringValue(hidden) }

// MarshalText hides the secret from encoding/json and the like.
func (Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// MaxName is the length of the longest database name we make, in bytes: MySQL
// allows 64, and the sign of an incomplete copy needs its suffix.
const MaxName = 64 - len(PartialSuffix)

var plainName = regexp.MustCompile(`^[a-z0-9_]+$`)

// checkOurs refuses a database or account name that does not begin with prefix,
// or is so unusual that some program might misread it.
func checkOurs(prefix, name string) error {
	switch {
	case len(prefix) < 2 || !plainName.MatchString(prefix):
		return fmt.Errorf("prefix %q of our databases: %w", prefix, ErrNotOurs)
	case len(name) <= len(prefix) || name[:len(prefix)] != prefix:
		return fmt.Errorf("%q does not begin with %q: %w", name, prefix, ErrNotOurs)
	case !plainName.MatchString(name) || len(name) > MaxName:
		return fmt.Errorf("%q must have at most %d of a-z, 0-9 and _: %w", name, MaxName, ErrNotOurs)
	}
	return nil
}

// matchAny reports whether name matches one of the patterns, and fails on one
// that is not a pattern.
func matchAny(patterns []string, name string) (bool, error) {
	for _, p := range patterns {
		ok, err := path.Match(p, name)
		if err != nil {
			return false, fmt.Errorf("pattern %q: %w", p, err)
		}
		if ok {
			return true, nil
		}
	}
	return false, nil
}
