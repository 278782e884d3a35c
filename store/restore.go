package store

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/distrobot/distrobot/fleet"
)

// A Restored says what Restore did, or would do.
type Restored struct {
	BackedUp
	Present int // records that stand in the way, or were replaced
	Held    int // tasks that wait for a person now
	Paused  int // plans
	Void    int // plans that were undecided
	Queued  int // effects that were waiting
	Epoch   int64
}

// InspectBackup reads a whole backup, checks every signature in it, and tells
// what Restore would do with it; nothing is changed.
func (s *Store) InspectBackup(ctx context.Context, from io.Reader) (Restored, error) {
	var out Restored
	var err error
	rest := fleet.Restoration{Now: time.Now(), Epoch: s.Epoch()}
	out.BackedUp, err = s.readBackup(from, func(h BackupHead, l backupLine) error {
		rest.From = h.At
		_, err := s.settled(&out, rest, l)
		return err
	})
	if err != nil {
		return out, err
	}
	out.Present, err = s.present(ctx)
	return out, err
}

// present counts the records that are there, without what a program leaves that
// was only started: hosts that report, leases, schedules of polls.
func (s *Store) present(ctx context.Context) (int, error) {
	n := 0
	err := s.walkRows(ctx, func(rows []rawRow) error {
		for _, r := range rows {
			if !slices.Contains([]string{"host", "seat", "floor", "lease", "epoch", "poll", "server"}, r.key.Noun) {
				n++
			}
		}
		return nil
	})
	return n, err
}

// Restore brings a backup back. It is read twice: nothing is touched before the
// whole file was found sound. Data that is there is refused, or with replace
// dropped first. The epoch is raised before anything else, so that whoever
// worked on what was there can change nothing any more. A Restore that was
// interrupted is repeated with replace.
func (s *Store) Restore(ctx context.Context, from io.ReadSeeker, replace bool) (Restored, error) {
	out, err := s.InspectBackup(ctx, from)
	if err != nil {
		return out, err
	}
	if out.Present > 0 && !replace {
		return out, fleet.Errorf(fleet.Refused, "There are %s already.", fleet.Plural(out.Present, "record", "records")).
			WithHint("Add --replace to drop them; make a backup of them first.")
	}
	if _, err := from.Seek(0, io.SeekStart); err != nil {
		return out, err
	}
	s.epoch.Store(max(s.epoch.Load(), out.Head.Epoch))
	if out.Epoch, err = s.RaiseEpoch(ctx); err != nil {
		return out, err
	}
	if err := s.drop(ctx); err != nil {
		return out, err
	}
	r := &restorer{store: s, rest: fleet.Restoration{From: out.Head.At, Now: time.Now().UTC(), Epoch: out.Epoch}}
	if _, err := s.readBackup(from, func(_ BackupHead, l backupLine) error { return r.take(ctx, l) }); err != nil {
		return out, err
	}
	if err := r.flush(ctx); err != nil {
		return out, err
	}
	if err := s.fenceSites(ctx); err != nil {
		return out, err
	}
	return out, s.Record(ctx, "restore/"+strconv.FormatInt(out.Epoch, 10), fleet.AuditEvent{At: r.rest.Now, Who: fleet.System("restore"),
		What: "state.restored", About: "a backup of " + out.Head.At.Format(time.RFC3339)})
}

// drop deletes everything but the meta row and the families' epochs.
func (s *Store) drop(ctx context.Context) error {
	return s.walk(ctx, func(keys []string) error {
		_, err := s.client.Pipelined(ctx, func(p redis.Pipeliner) error {
			for _, k := range keys {
				if k != s.keys.meta() && !strings.HasSuffix(k, "}:epoch") {
					p.Del(ctx, k)
				}
			}
			return nil
		})
		return away("drop what was there", err)
	})
}

// settled checks a line and gives what comes of it; nil when nothing does.
func (s *Store) settled(out *Restored, rest fleet.Restoration, l backupLine) (*settledRow, error) {
	if l.Row == nil {
		out.Queued += bit(l.Noun == isOutbox)
		return nil, nil
	}
	key := fleet.Key{Family: l.Family, Noun: l.Noun, ID: l.Key}
	fields := make(map[string]string, len(l.Row))
	for f, v := range l.Row {
		fields[f] = string(v)
	}
	rec := blankRow(key)
	if rec == nil {
		return nil, damaged("it holds a record of a kind that this program does not know")
	}
	rev, err := s.decode(rec, key, fields)
	switch fleet.CodeOf(err) {
	case fleet.Tampered:
		return nil, damaged(fmt.Sprintf("its record of %s %s is signed with another DISTROBOT_KEY (name the former one in DISTROBOT_KEY_OLD), or was changed",
			fleet.Clean(key.Noun, 40), fleet.Clean(key.ID, 80)))
	case "":
		if err != nil {
			return nil, damaged(err.Error())
		}
	}
	if err != nil {
		return nil, err
	}
	row := &settledRow{rec: rec, rev: rev, until: l.Until, effects: rest.Settle(rec)}
	switch x := rec.(type) {
	case *fleet.Task:
		out.Held += bit(x.State == fleet.TaskHeld)
	case *fleet.Plan:
		out.Paused += bit(x.State == fleet.PlanPaused)
		out.Void += bit(x.State == fleet.PlanSuperseded && len(row.effects) > 0)
	}
	return row, nil
}

// A settledRow is a record as it comes back.
type settledRow struct {
	rec     fleet.Record
	rev     int64
	until   int64
	effects []fleet.Effect
}
