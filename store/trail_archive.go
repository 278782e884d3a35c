package store

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

// maxTrailLine bounds a line of an exported record, in bytes.
const maxTrailLine = 1 << 20

// ExportTrail gives the record line by line, oldest first, with the event
// decoded. Every line is verified before it is given; memory for a few hundred
// lines is enough.
func (s *Store) ExportTrail(ctx context.Context, each func(TrailLine, fleet.AuditEvent) error) error {
	_, _, err := s.verify(ctx, func(l TrailLine) error {
		e, err := l.event()
		if err != nil {
			return err
		}
		return each(l, e)
	})
	return err
}

// A Cut says what is archived: the events up to Number, the last of them with
// this MAC.
type Cut struct {
	First, Number int64
	MAC           string
}

// ArchiveTrail writes all events that were recorded before a moment to w, one
// TrailLine a line, and gives what was written; the record stays as it is. Drop
// takes them away once the file is safe.
func (s *Store) ArchiveTrail(ctx context.Context, before time.Time, w io.Writer) (Cut, error) {
	var cut Cut
	out := bufio.NewWriterSize(w, 1<<16)
	over := false // what follows the first event to keep is kept: the record stays one piece
	err := s.ExportTrail(ctx, func(l TrailLine, e fleet.AuditEvent) error {
		if over = over || !e.At.Before(before); over {
			return nil
		}
		if cut.First == 0 {
			cut.First = l.Number
		}
		cut.Number, cut.MAC = l.Number, l.MAC
		return WriteLine(out, l)
	})
	if err != nil {
		return cut, err
	}
	return cut, out.Flush()
}

// WriteLine writes a line as export and archives have it.
func WriteLine(w io.Writer, l TrailLine) error {
	b, err := json.Marshal(l)
	if err != nil {
		return fmt.Errorf("store: encode a line of the audit record: %w", err)
	}
	_, err = w.Write(append(b, '\n'))
	return err
}

// DropTrail takes the events up to a cut out of Redis, after they were archived;
// the record goes on from there with its chain unbroken, and says who did it.
func (s *Store) DropTrail(ctx context.Context, c Cut, who fleet.Actor, file string) error {
	if c.Number == 0 {
		return nil
	}
	next, err := s.rest(ctx, c)
	if err != nil {
		return err
	}
	err = s.Update(ctx, fleet.AuditLog, func(tx fleet.Tx) error {
		b := base{}
		if _, err := tx.Get(&b); err != nil {
			return err
		}
		if b.Cut.Number >= c.Number {
			return fleet.Errorf(fleet.Conflict, "The audit record was archived meanwhile, up to event %d.", b.Cut.Number)
		}
		b = next
		tx.Put(&b)
		return nil
	})
	if err != nil {
		return err
	}
	id, err := s.placeOf(ctx, strconv.FormatInt(c.Number+1, 10))
	if err == nil && id != "" && id != "+" {
		err = away("shorten the audit record", s.client.XTrimMinID(ctx, s.keys.audit(), id).Err())
	}
	if err != nil {
		return err
	}
	return s.Record(ctx, "archive/"+strconv.FormatInt(c.Number, 10), fleet.AuditEvent{At: time.Now().UTC(), Who: who, What: "audit.archived",
		About: fmt.Sprintf("events %d to %d", c.First, c.Number), Detail: map[string]string{"file": fleet.Clean(file, 300)}})
}

// rest gives the base of a record that begins after a cut; what a former key
// signed is pinned by its digest anew.
func (s *Store) rest(ctx context.Context, c Cut) (base, error) {
	next, had := base{Cut: chainHead{Number: c.Number, MAC: c.MAC}}, base{}
	if _, err := s.Read(ctx, &had); err != nil || had.Number <= c.Number {
		return next, err
	}
	sum := sha256.New()
	_, _, err := s.verify(ctx, func(l TrailLine) error {
		if l.Number > c.Number && l.Number <= had.Number {
			addTo(sum, l)
		}
		return nil
	})
	next.Number, next.Digest = had.Number, hex.EncodeToString(sum.Sum(nil))
	return next, err
}

// VerifyFile verifies an export or an archive: every line by its MAC, and their
// order. It gives the first and the last line; an error of code Tampered names
// the first that does not fit. An archive from before a change of the key needs
// that key in DISTROBOT_KEY_OLD.
func (s *Store) VerifyFile(r io.Reader) (first, last TrailLine, err error) {
	in := bufio.NewScanner(r)
	in.Buffer(nil, maxTrailLine)
	for in.Scan() {
		if len(bytes.TrimSpace(in.Bytes())) == 0 {
			continue
		}
		var l TrailLine
		want := last.Number + 1
		if err := json.Unmarshal(in.Bytes(), &l); err != nil {
			return first, last, tampered(fmt.Sprintf("audit event %d (its line cannot be read)", want))
		}
		switch {
		case first.Number == 0:
			first = l
		case l.Number > want:
			return first, last, tampered(fmt.Sprintf("audit event %d (missing)", want))
		case l.Number != want || l.Prev != last.MAC:
			return first, last, tampered(fmt.Sprintf("audit event %d (another stands in its place)", want))
		}
		if !s.sound(l) {
			return first, last, tampered(fmt.Sprintf("audit event %d (changed)", l.Number))
		}
		last = l
	}
	return first, last, in.Err()
}
