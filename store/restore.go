package store

import (
	"bufio"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/distrobot/distrobot/fleet"
)

// maxBackupLine bounds one line of a backup, in bytes.
const maxBackupLine = 64 << 20

// damaged is the error of a file that is not a whole backup of ours.
func damaged(why string) error {
	return fleet.Errorf(fleet.Tampered, "The backup cannot be used: %s.", why).
		WithHint("Use another backup. Without one, the hosts still know their sites: see docs/backup.md.")
}

// readBackup reads a backup and gives its lines to f; only when it returns nil
// was the file whole and signed.
func (s *Store) readBackup(from io.Reader, f func(BackupHead, backupLine) error) (BackedUp, error) {
	told := BackedUp{Nouns: map[string]int{}}
	zip, err := gzip.NewReader(from)
	if err != nil {
		return told, damaged("it is not a backup of distrobot")
	}
	lines := bufio.NewScanner(zip)
	lines.Buffer(make([]byte, 1<<16), maxBackupLine)
	sum := sha256.New()
	next := func() ([]byte, error) {
		if !lines.Scan() {
			return nil, damaged("it ends too early or its compression is damaged")
		}
		return lines.Bytes(), nil
	}
	first, err := next()
	if err != nil {
		return told, err
	}
	if json.Unmarshal(first, &told.Head) != nil || told.Head.Magic != backupMagic {
		return told, damaged("it is not a backup of distrobot")
	}
	if told.Head.Version > BackupVersion || told.Head.Schema > Schema {
		return told, fleet.Errorf(fleet.Refused, "The backup was made by a newer distrobot (format %d, schema %d).", told.Head.Version, told.Head.Schema).
			WithHint("Restore it with that version.")
	}
	if told.Head.Schema < Schema {
		return told, fleet.Errorf(fleet.Refused, "The backup was made by an older distrobot (schema %d; this program keeps schema %d).", told.Head.Schema, Schema).
			WithHint("Restore it with that version, then migrate: distrobot schema.")
	}
	for line := first; ; {
		sum.Write(line)
		sum.Write([]byte("\n"))
		if line, err = next(); err != nil {
			return told, err
		}
		var l backupLine
		if json.Unmarshal(line, &l) != nil {
			return told, damaged("a line cannot be read")
		}
		if l.End != nil {
			return told, s.checkEnd(*l.End, told, hex.EncodeToString(sum.Sum(nil)))
		}
		if l.Row != nil {
			told.Rows++
			told.Nouns[l.Noun]++
		} else {
			told.Entries++
		}
		if err := f(told.Head, l); err != nil {
			return told, err
		}
	}
}

func (s *Store) checkEnd(end backupEnd, told BackedUp, sum string) error {
	switch {
	case end.Rows != told.Rows || end.Entries != told.Entries || end.SHA256 != sum:
		return damaged("its contents do not fit its checksum")
	case !s.files.valid(end.MAC, sum):
		return damaged("its signature is of another DISTROBOT_KEY (name the former one in DISTROBOT_KEY_OLD), or it was changed")
	}
	return nil
}

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
			if !slices.Contains([]string{"host", "lease", "epoch", "poll"}, r.key.Noun) {
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
					p.Unlink(ctx, k)
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
	if err != nil && fleet.CodeOf(err) == "" {
		return nil, damaged(err.Error())
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

// A restorer writes what a backup holds, many rows in one pipeline.
type restorer struct {
	store   *Store
	rest    fleet.Restoration
	end     int64 // number of the last audit event
	told    Restored
	batches []*batch
	entries []*redis.XAddArgs
}

// take takes a line; the rows come in commits of their own, with their index
// entries and what follows from them.
func (r *restorer) take(ctx context.Context, l backupLine) error {
	s := r.store
	row, err := s.settled(&r.told, r.rest, l)
	if err != nil {
		return err
	}
	if row == nil {
		if err := r.entry(l); err != nil {
			return err
		}
	} else if b, err := r.commit(row); err != nil {
		return err
	} else if b != nil {
		r.batches = append(r.batches, b)
	}
	if len(r.batches)+len(r.entries) < walkBatch {
		return nil
	}
	return r.flush(ctx)
}

// commit makes the commit of a row; nil if its life is over.
func (r *restorer) commit(row *settledRow) (*batch, error) {
	s, key := r.store, row.rec.Key()
	if h, ok := row.rec.(*chainHead); ok {
		r.end = h.Number
	}
	life := int64(0)
	if row.until > 0 {
		if life = row.until - r.rest.Now.UnixMilli(); life <= 0 {
			return nil, nil
		}
	}
	fields, err := s.encode(row.rec, row.rev)
	if err != nil {
		return nil, err
	}
	b := newBatch(s.keys.op(key.Family, newOp()), s.keys.epoch(key.Family))
	b.guard(s.keys.row(key), 0) // a row that the backup holds twice is written once
	b.row(s.keys.row(key), life, fields)
	for _, e := range row.rec.Entries() {
		b.enter(s.keys.index(e.Index), life, e)
	}
	for _, e := range row.effects {
		doc, err := json.Marshal(e)
		if err != nil {
			return nil, err
		}
		b.add(s.keys.outbox(key.Family), fieldEffect, string(doc), fieldMAC, s.effects.sign(string(key.Family), string(doc)))
	}
	return b, nil
}

// entry takes an entry of a stream.
func (r *restorer) entry(l backupLine) error {
	s, values := r.store, map[string]string{}
	for i := 0; i+1 < len(l.Entry); i += 2 {
		values[l.Entry[i]] = l.Entry[i+1]
	}
	add := &redis.XAddArgs{ID: l.ID}
	switch l.Noun {
	case isLog:
		add.Stream = s.keys.in(l.Family) + "task:" + l.Key
	case isAudit:
		if n, err := strconv.ParseInt(values["n"], 10, 64); err != nil || n > r.end {
			return nil // recorded after the end that the backup names
		}
		add.Stream = s.keys.audit()
	case isOutbox:
		var e fleet.Effect
		doc := values[fieldEffect]
		if !s.effects.valid(values[fieldMAC], string(l.Family), doc) || json.Unmarshal([]byte(doc), &e) != nil {
			return nil // it would have been refused
		}
		b, err := json.Marshal(r.rest.SettleEffect(e))
		if err != nil {
			return err
		}
		add.ID, add.Stream = "", s.keys.outbox(l.Family)
		values = map[string]string{fieldEffect: string(b), fieldMAC: s.effects.sign(string(l.Family), string(b))}
	default:
		return damaged("it holds a stream of a kind that this program does not know")
	}
	flat := make([]string, 0, 2*len(values))
	for _, f := range slices.Sorted(maps.Keys(values)) {
		flat = append(flat, f, values[f])
	}
	add.Values = flat
	r.entries = append(r.entries, add)
	return nil
}

// flush writes what was taken.
func (r *restorer) flush(ctx context.Context) error {
	if _, err := r.store.runAll(ctx, r.batches); err != nil {
		return err
	}
	r.batches = r.batches[:0]
	if len(r.entries) == 0 {
		return nil
	}
	cmds, err := r.store.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for _, e := range r.entries {
			p.XAdd(ctx, e)
			if strings.HasSuffix(e.Stream, ":log") {
				p.PExpire(ctx, e.Stream, logLife)
			}
		}
		return nil
	})
	r.entries = r.entries[:0]
	for _, c := range cmds {
		// An entry that a backup holds twice is there already.
		if e := c.Err(); e != nil && !strings.Contains(e.Error(), "equal or smaller") {
			return away("restore a stream", errors.Join(e, err))
		}
	}
	return nil
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}
