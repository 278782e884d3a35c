package store_test

import (
	"testing"

	"github.com/alicebob/miniredis/v2"

	"github.com/distrobot/distrobot/store"
	"github.com/distrobot/distrobot/store/storetest"
)

func TestMiniredis(t *testing.T) {
	m := miniredis.RunT(t)
	m.ClockTTL(true)
	storetest.Run(t, openAt("redis://"+m.Addr()))
}

func TestRedis(t *testing.T) {
	storetest.Run(t, openAt(storetest.Start(t).URL()))
}

func TestCluster(t *testing.T) {
	storetest.Run(t, openAt(storetest.StartCluster(t)))
}

func openAt(url string) storetest.Opener {
	return func(t *testing.T, o store.Options) (*store.Store, error) {
		o.URL = url
		return store.Open(t.Context(), o)
	}
}
