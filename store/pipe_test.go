package store_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/store"
)

// Batches of any length and rows of any size pass through the Redis of this
// process; neither end waits for the other for ever.
func TestLongBatchesInMemory(t *testing.T) {
	s, err := store.Open(t.Context(), store.Options{URL: "memory"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	const n = 1200
	recs, rows := make([]fleet.Record, n), make([]fleet.Request, n)
	for i := range rows {
		rows[i] = fleet.Request{Family: fleet.Catalogue, ID: fmt.Sprint(i)}
		recs[i] = &rows[i]
	}
	err = s.Update(t.Context(), fleet.Catalogue, func(tx fleet.Tx) error {
		for i := range 300 {
			if _, err := tx.Get(&rows[i]); err != nil {
				return err
			}
			rows[i].Answer = strings.Repeat("x", 2000)
			tx.Put(&rows[i])
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	found, err := s.Read(t.Context(), recs...)
	if err != nil || !found[299] || found[300] {
		t.Errorf("%v", err)
	}
}
