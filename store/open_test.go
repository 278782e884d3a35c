package store_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/store"
)

// TestOpenRefuses asserts that settings which cannot work are refused in words
// that hold no password.
func TestOpenRefuses(t *testing.T) {
	key := []byte("k")
	missing := func(context.Context, []string, string) (func(context.Context) error, error) {
		return nil, errors.New("no such program")
	}
	for _, tt := range []struct {
		name string
		o    store.Options
		code fleet.Code
		text string
	}{
		{"no URL", store.Options{Key: key}, fleet.Invalid, "DISTROBOT_REDIS_URL"},
		{"another scheme", store.Options{URL: "http://u:secret@h", Key: key}, fleet.Invalid, "DISTROBOT_REDIS_URL"},
		{"not a URL", store.Options{URL: "redis://u:secret@h:port", Key: key}, fleet.Invalid, "DISTROBOT_REDIS_URL"},
		{"sentinel without master", store.Options{URL: "redis+sentinel://:secret@h:1,h:2", Key: key}, fleet.Invalid, "MASTER"},
		{"cluster with a database", store.Options{URL: "redis+cluster://:secret@h:1/3", Key: key}, fleet.Invalid, "cluster"},
		{"no key", store.Options{URL: "redis://h"}, fleet.Invalid, "DISTROBOT_KEY"},
		{"braces", store.Options{URL: "memory", Prefix: "a{b}"}, fleet.Invalid, "braces"},
		{"nobody there", store.Options{URL: "redis://:secret@127.0.0.1:1", Key: key}, fleet.Later, "cannot be reached"},
		{"no directory", store.Options{URL: "local", Key: key}, fleet.Invalid, "data directory"},
		{"no redis-server", store.Options{URL: "local", Key: key, DataDir: t.TempDir(), Start: missing}, fleet.Later, "apt-get install redis-server"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := store.Open(t.Context(), tt.o)
			if fleet.CodeOf(err) != tt.code || !strings.Contains(err.Error(), tt.text) || strings.Contains(err.Error(), "secret") {
				t.Errorf("%v", err)
			}
		})
	}
}

// TestMemory asserts that the storage inside the process works without a port
// and is private to its store.
func TestMemory(t *testing.T) {
	a, err := store.Open(t.Context(), store.Options{URL: "memory"})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	b, err := store.Open(t.Context(), store.Options{URL: "memory"})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	if err := putSite(t, a, "x"); err != nil {
		t.Fatal(err)
	}
	if got, err := b.Read(t.Context(), &fleet.Site{URI: "x"}); err != nil || got[0] {
		t.Errorf("%v, %v", got, err)
	}
}
