package store

import (
	"slices"
	"testing"
)

// TestParseURL reads each form of DISTROBOT_REDIS_URL.
func TestParseURL(t *testing.T) {
	for _, tt := range []struct {
		url              string
		addrs            []string
		master, password string
		db               int
		cluster, tls     bool
	}{
		{url: "redis://h:1", addrs: []string{"h:1"}},
		{url: "redis://h", addrs: []string{"h:6379"}},
		{url: "redis://u:p@h:1/3", addrs: []string{"h:1"}, password: "p", db: 3},
		{url: "rediss://h:1", addrs: []string{"h:1"}, tls: true},
		{url: "unix:///run/redis.sock?db=2", addrs: []string{"/run/redis.sock"}, db: 2},
		{url: "redis+sentinel://:p@a:1,b:2,c:3/main", addrs: []string{"a:1", "b:2", "c:3"}, master: "main", password: "p"},
		{url: "rediss+sentinel://a:1/main", addrs: []string{"a:1"}, master: "main", tls: true},
		{url: "redis+cluster://a:1,b:2", addrs: []string{"a:1", "b:2"}, cluster: true},
		{url: "rediss+cluster://u:p@a:1", addrs: []string{"a:1"}, cluster: true, tls: true, password: "p"},
	} {
		o, err := parseURL(tt.url)
		if err != nil {
			t.Errorf("%s: %v", tt.url, err)
			continue
		}
		if !slices.Equal(o.Addrs, tt.addrs) || o.MasterName != tt.master || o.Password != tt.password || o.DB != tt.db ||
			o.IsClusterMode != tt.cluster || (o.TLSConfig != nil) != tt.tls || !o.ContextTimeoutEnabled {
			t.Errorf("%s became %+v", tt.url, o)
		}
	}
}
