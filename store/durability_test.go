package store_test

import (
	"testing"
	"time"

	"github.com/distrobot/distrobot/store"
	"github.com/distrobot/distrobot/store/storetest"
)

// TestDurability asks a server that keeps everything, one that keeps nothing,
// and one in this process.
func TestDurability(t *testing.T) {
	for _, tt := range []struct {
		name, url string
		want      store.Durability
	}{
		{"file", storetest.Start(t).URL(), store.Durability{Role: "master", AppendOnly: "yes", Fsync: "always", Eviction: "noeviction", Writing: "ok"}},
		{"none", storetest.Start(t, "--appendonly", "no", "--maxmemory-policy", "allkeys-lru").URL(),
			store.Durability{Role: "master", AppendOnly: "no", Fsync: "always", Eviction: "allkeys-lru", Writing: "ok"}},
		{"memory", "memory", store.Durability{InProcess: true, Role: "unknown", AppendOnly: "unknown", Fsync: "unknown", Eviction: "unknown", Writing: "unknown"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, err := store.Open(t.Context(), store.Options{URL: tt.url, Key: []byte("k")})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			got, err := s.Durability(t.Context())
			if got.Skew.Abs() > 5*time.Second || got.Version == "" {
				t.Errorf("%+v", got)
			}
			if got.Skew, got.Version, got.Memory = 0, "", 0; err != nil || got != tt.want {
				t.Errorf("%+v, %v\nwant %+v", got, err, tt.want)
			}
		})
	}
}
