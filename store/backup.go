package store

import (
	"bufio"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"io"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/distrobot/distrobot/fleet"
)

// A backup is JSON, one value a line, compressed with gzip. The first line is a
// BackupHead, the last one a backupEnd, which counts and signs what is between:
// rows as they are kept, with their signatures, and streams by entries. Indexes
// are not kept, because rows say where they stand; what only serves this life of
// the data (ids of commits, leases, epochs) is not kept either.
//
// What is guaranteed while others work: every row that is there throughout is
// kept as it was at one moment between begin and end. Rows of one commit may be
// of different moments, and what was delivered from an outbox meanwhile may be
// missing where it went. So a restored plan or task never goes on by itself
// (Restore holds them), and sites are compared with their hosts.

// BackupVersion is the version of the format that this program writes.
const BackupVersion = 1

// backupMagic begins the first line.
const backupMagic = "distrobot backup"

// BackupHead says what a backup is.
type BackupHead struct {
	Magic   string    `json:"magic"`
	Version int       `json:"version"`
	Schema  int       `json:"schema"`
	Epoch   int64     `json:"epoch"`
	At      time.Time `json:"at"` // when it was begun, by the server's clock
}

// A backupLine is one row or one entry of a stream.
type backupLine struct {
	Row    map[string][]byte `json:"row,omitempty"`   // fields of a row
	Entry  []string          `json:"entry,omitempty"` // fields and values of an entry
	ID     string            `json:"id,omitempty"`    // of the entry
	Family fleet.Family      `json:"family,omitempty"`
	Noun   string            `json:"noun,omitempty"` // of a row, else isLog, isOutbox or isAudit
	Key    string            `json:"key,omitempty"`  // id of the row, or of the log's task
	Until  int64             `json:"until,omitempty"`
	End    *backupEnd        `json:"end,omitempty"`
}

// backupEnd is the last line.
type backupEnd struct {
	Rows    int    `json:"rows"`
	Entries int    `json:"entries"`
	SHA256  string `json:"sha256"` // of all lines before
	MAC     string `json:"mac"`    // of that sum, under DISTROBOT_KEY
}

// A BackedUp says what a backup holds.
type BackedUp struct {
	Head    BackupHead
	Rows    int            // records
	Entries int            // lines of logs, audit events, waiting effects
	Nouns   map[string]int // rows by noun
	Bad     []fleet.Key    // rows whose signature is wrong; they are left out
}

// A backupWriter writes lines and sums them up.
type backupWriter struct {
	out  *bufio.Writer
	sum  hash.Hash
	told BackedUp
}

func (w *backupWriter) line(v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("store: encode a line of a backup: %w", err)
	}
	b = append(b, '\n')
	w.sum.Write(b)
	_, err = w.out.Write(b)
	return err
}

// Backup writes everything that Restore needs, while others go on working. It
// needs memory for a few hundred rows at a time. The outboxes and the end of the
// audit record come first, so that nothing is kept whose cause is missing.
func (s *Store) Backup(ctx context.Context, to io.Writer) (BackedUp, error) {
	now, err := s.now(ctx, fleet.Meta)
	if err != nil {
		return BackedUp{}, err
	}
	zip := gzip.NewWriter(to)
	w := &backupWriter{out: bufio.NewWriterSize(zip, 1<<16), sum: sha256.New(), told: BackedUp{
		Head:  BackupHead{Magic: backupMagic, Version: BackupVersion, Schema: s.schema, Epoch: s.Epoch(), At: now},
		Nouns: map[string]int{}}}
	if err := w.line(w.told.Head); err != nil {
		return w.told, err
	}
	if err := s.backupOutboxes(ctx, w); err != nil {
		return w.told, err
	}
	if err := s.backupTrail(ctx, w); err != nil {
		return w.told, err
	}
	if err := s.walk(ctx, func(keys []string) error { return s.backupKeys(ctx, w, keys, now) }); err != nil {
		return w.told, err
	}
	end := backupEnd{Rows: w.told.Rows, Entries: w.told.Entries, SHA256: hex.EncodeToString(w.sum.Sum(nil))}
	end.MAC = s.files.sign(end.SHA256)
	if err := w.line(backupLine{End: &end}); err != nil {
		return w.told, err
	}
	if err := w.out.Flush(); err != nil {
		return w.told, err
	}
	return w.told, zip.Close()
}

// backupKeys writes the rows and logs among the keys.
func (s *Store) backupKeys(ctx context.Context, w *backupWriter, keys []string, now time.Time) error {
	rows, err := s.rawRows(ctx, keys)
	if err != nil {
		return err
	}
	for _, r := range rows {
		if err := w.row(s, r, now); err != nil {
			return err
		}
	}
	for _, key := range keys {
		if is, row := s.keys.whole(key); is == isLog {
			err := s.backupStream(ctx, w, key, backupLine{Family: row.Family, Noun: isLog, Key: row.ID})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// row writes a row; what restoring would refuse is named instead, and what is
// of this life only is left out: leases, the epoch, the end of the audit record,
// which was written before.
func (w *backupWriter) row(s *Store, r rawRow, now time.Time) error {
	switch {
	case r.key.Noun == "lease" || r.key.Noun == "epoch" || r.key.Noun == "chain":
		return nil
	case r.record == nil || !s.soundRow(r.record, r.key, r.fields):
		w.told.Bad = append(w.told.Bad, r.key)
		return nil
	}
	return w.rowLine(r, now)
}

func (w *backupWriter) rowLine(r rawRow, now time.Time) error {
	l := backupLine{Family: r.key.Family, Noun: r.key.Noun, Key: r.key.ID, Row: make(map[string][]byte, len(r.fields))}
	for f, v := range r.fields {
		l.Row[f] = []byte(v)
	}
	if r.life > 0 {
		l.Until = now.UnixMilli() + r.life
	}
	w.told.Rows++
	w.told.Nouns[r.key.Noun]++
	return w.line(l)
}

// backupOutboxes writes what waits to be carried.
func (s *Store) backupOutboxes(ctx context.Context, w *backupWriter) error {
	fams, err := s.families(ctx)
	if err != nil {
		return err
	}
	for _, fam := range fams {
		if err := s.backupStream(ctx, w, s.keys.outbox(fam), backupLine{Family: fam, Noun: isOutbox}); err != nil {
			return err
		}
	}
	return nil
}

// backupTrail writes the end of the audit record, then the record: events that
// are recorded meanwhile are beyond that end and are dropped by Restore.
func (s *Store) backupTrail(ctx context.Context, w *backupWriter) error {
	head, from := &chainHead{}, &base{}
	rows, err := s.rawRows(ctx, []string{s.keys.row(head.Key()), s.keys.row(from.Key())})
	if err != nil {
		return err
	}
	for _, r := range rows {
		if !s.soundRow(r.record, r.key, r.fields) {
			w.told.Bad = append(w.told.Bad, r.key)
			continue
		}
		if err := w.rowLine(r, w.told.Head.At); err != nil {
			return err
		}
	}
	return s.backupStream(ctx, w, s.keys.audit(), backupLine{Family: fleet.AuditLog, Noun: isAudit})
}

// backupStream writes a stream's entries, a few hundred at a time.
func (s *Store) backupStream(ctx context.Context, w *backupWriter, key string, l backupLine) error {
	for from := "-"; ; {
		entries, err := s.client.XRangeN(ctx, key, from, "+", walkBatch).Result()
		if err != nil {
			return away("read a stream", err)
		}
		if len(entries) == 0 {
			return nil
		}
		for _, m := range entries {
			l.ID, l.Entry = m.ID, flat(m)
			if err := w.line(l); err != nil {
				return err
			}
			w.told.Entries++
			from = "(" + m.ID
		}
	}
}

// flat gives an entry's fields and values.
func flat(m redis.XMessage) []string {
	out := make([]string, 0, 2*len(m.Values))
	for f, v := range m.Values {
		text, _ := v.(string)
		out = append(out, f, text)
	}
	return out
}
