package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"strconv"
	"strings"

	"github.com/distrobot/distrobot/fleet"
)

// What the chain shows, and what it cannot: an entry that was changed, left out,
// put in or moved breaks the chain at its place, and an end that was cut off is
// missed by the signed head row. Somebody who can write to Redis and has kept an
// old copy of both the head row and the record can bring that state back as a
// whole; only an anchor that was kept elsewhere shows it.

// Verify implements fleet.Trail. Events that are recorded meanwhile may or may
// not be counted. Events from before a change of the key were verified then;
// archived ones when they were archived.
func (s *Store) Verify(ctx context.Context) (int, error) {
	n, _, err := s.verify(ctx, nil)
	return n, err
}

// verify is Verify; it also gives where the record ends, to begin from later.
// each, if not nil, gets every line that was found sound, oldest first.
func (s *Store) verify(ctx context.Context, each func(TrailLine) error) (int, base, error) {
	end, from := chainHead{}, base{}
	if _, err := s.Read(ctx, &end, &from); err != nil {
		return 0, from, err
	}
	w := chainWalk{store: s, at: from.Cut, from: from, end: end, sum: sha256.New()}
	err := s.lines(ctx, from.Cut.Number, func(l TrailLine) error {
		l.Prev = w.at.MAC
		if err := w.step(l); err != nil || each == nil {
			return err
		}
		return each(l)
	})
	if err == nil && w.at.Number < end.Number {
		err = tampered(fmt.Sprintf("audit event %d (missing)", w.at.Number+1))
	}
	if err != nil {
		return int(w.at.Number), from, err
	}
	return int(w.at.Number), base{Number: w.at.Number, Digest: hex.EncodeToString(w.sum.Sum(nil)), Cut: from.Cut}, nil
}

// lines reads the entries after a number, oldest first, a few hundred at a time.
// Entries up to that number, which an archiving that was cut short has left, are
// passed over.
func (s *Store) lines(ctx context.Context, after int64, each func(TrailLine) error) error {
	begun := false
	for from := "-"; ; {
		entries, err := s.client.XRangeN(ctx, s.keys.audit(), from, "+", maxPipeline).Result()
		if err != nil {
			return away("read the audit record", err)
		}
		if len(entries) == 0 {
			return nil
		}
		for _, m := range entries {
			from = "(" + m.ID
			l := lineOf(m)
			if !begun && l.Number <= after && l.Number > 0 {
				continue
			}
			begun = true
			if err := each(l); err != nil {
				return err
			}
		}
	}
}

// A chainWalk follows the chain from entry to entry.
type chainWalk struct {
	store *Store
	at    chainHead // the entry before
	from  base
	end   chainHead // as the signed head row has it
	sum   hash.Hash // over all entries since the cut
}

// step takes the entry that follows. Up to from.Number entries are verified by
// their digest, because the key that signed them is gone.
func (w *chainWalk) step(l TrailLine) error {
	n := w.at.Number + 1
	switch {
	case l.Number > n:
		return tampered(fmt.Sprintf("audit event %d (missing)", n))
	case l.Number != n:
		return tampered(fmt.Sprintf("audit event %d (another stands in its place)", n))
	case n > w.from.Number && !w.store.sound(l):
		return tampered(fmt.Sprintf("audit event %d (changed)", n))
	}
	addTo(w.sum, l)
	if n == w.from.Number && hex.EncodeToString(w.sum.Sum(nil)) != w.from.Digest {
		return tampered(fmt.Sprintf("one of the audit events %d to %d", w.from.Cut.Number+1, n))
	}
	if n == w.end.Number && l.MAC != w.end.MAC {
		return tampered(fmt.Sprintf("audit event %d (changed)", n))
	}
	w.at = chainHead{Number: n, MAC: l.MAC}
	return nil
}

// addTo adds a line to the digest of several.
func addTo(sum hash.Hash, l TrailLine) { fmt.Fprintf(sum, "%q %q %q\n", l.ID, string(l.Event), l.MAC) }

// sound reports whether a line is signed as Record does.
func (s *Store) sound(l TrailLine) bool {
	return s.chain.valid(l.MAC, l.Prev, strconv.FormatInt(l.Number, 10), l.ID, string(l.Event))
}

// Anchor names the present end of the record: "NUMBER:MAC". Kept where nobody
// who can write to Redis can change it, it shows later whether the record still
// holds what it held.
func (s *Store) Anchor(ctx context.Context) (string, error) {
	var end chainHead
	if _, err := s.Read(ctx, &end); err != nil {
		return "", err
	}
	return strconv.FormatInt(end.Number, 10) + ":" + end.MAC, nil
}

// Anchored verifies the record and whether the entry that an anchor names is
// still in it. It gives how many events there are.
func (s *Store) Anchored(ctx context.Context, anchor string) (int, error) {
	number, sum, ok := strings.Cut(strings.TrimSpace(anchor), ":")
	want, err := strconv.ParseInt(number, 10, 64)
	if !ok || err != nil || want < 0 {
		return 0, fleet.Errorf(fleet.Invalid, "%q is no anchor.", fleet.Clean(anchor, 80)).WithHint("An anchor is what distrobot audit anchor printed: NUMBER:MAC.")
	}
	from, found := base{}, want == 0
	if _, err := s.Read(ctx, &from); err != nil {
		return 0, err
	}
	if want == from.Cut.Number {
		found = found || sum == from.Cut.MAC
	}
	n, _, err := s.verify(ctx, func(l TrailLine) error {
		if l.Number == want {
			found = l.MAC == sum
		}
		return nil
	})
	switch {
	case err != nil:
		return n, err
	case want < from.Cut.Number:
		return n, fleet.Errorf(fleet.Refused, "Audit event %d is in an archive: the record here begins with event %d.", want, from.Cut.Number+1).
			WithHint("Verify the archives with distrobot audit verify --file FILE.")
	case !found:
		return n, tampered(fmt.Sprintf("audit event %d, which the anchor names,", want))
	}
	return n, nil
}
