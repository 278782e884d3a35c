package local_test

import (
	"os"
	"path/filepath"
	"testing"
)

// When the database server goes away in the middle of a move, the site is let go
// on its old copy all the same; a new copy is not shown before it was noted what
// it held.
func TestReleaseWithoutTheDatabaseServer(t *testing.T) {
	s := newShop(t)
	first, second := s.copy(1, 0), s.copy(2, 1)
	s.make(first, "CREATE TABLE t (i INT)")
	must(t, s.b.Lay(t.Context(), second))
	_, err := s.b.Fill(t.Context(), second)
	must(t, err)
	back := first
	back.Fence = second.Fence
	hold := filepath.Join(s.b.Data, "sites", string(shopURI), "hold")
	server := s.b.Server
	for _, c := range []struct {
		to   int64
		want bool // visitors are let in
	}{{1, true}, {2, false}} {
		_, err := s.b.Hold(t.Context(), second)
		must(t, err)
		if c.to == 2 {
			must(t, s.b.Switch(t.Context(), second))
			back = second
		}
		s.b.Server = nil
		_, err = s.b.Release(t.Context(), back)
		s.b.Server = server
		if _, held := os.Lstat(hold); (err == nil) != c.want || os.IsNotExist(held) != c.want {
			t.Errorf("release of generation %d: %v, hold: %v", c.to, err, held)
		}
	}
	_, err = s.b.Release(t.Context(), second)
	must(t, err)
}
