package fleet

import (
	"context"
	"regexp"
	"time"
)

// A Backup is a copy of a site's data on its host: its database and its files,
// proven by loading it once.
type Backup struct {
	URI        URI          `json:"uri"`
	Name       string       `json:"name"` // when it was made, in UTC: 20261122T114500
	Host       HostName     `json:"host"`
	Platform   PlatformName `json:"platform"`
	Generation int64        `json:"gen"`
	Bytes      int64        `json:"bytes"`
	By         Actor        `json:"by"`
	Task       TaskID       `json:"task"`
	At         time.Time    `json:"at"`
}

// Key implements Record.
func (b *Backup) Key() Key { return Key{Catalogue, "backup", string(b.URI) + "|" + b.Name} }

// Entries implements Record: a site's backups by age.
func (b *Backup) Entries() []Entry {
	return []Entry{{BackupsOf(b.URI), b.Name, b.At.UnixMilli()}}
}

// BackupsOf lists the names of a site's backups.
func BackupsOf(u URI) Index { return Index{Catalogue, "backups:" + string(u)} }

var backupName = regexp.MustCompile(`^[0-9]{8}T[0-9]{6}$`)

// BackupName names a backup by its time.
func BackupName(at time.Time) string { return at.UTC().Format("20060102T150405") }

// CheckBackupName refuses what is not the name of a backup: it becomes a
// directory's.
func CheckBackupName(name string) error {
	if !backupName.MatchString(name) {
		return Errorf(Invalid, "%q is not the name of a backup.", Clean(name, 40)).WithHint("They look like 20261122T114500; see %s site backups SITE", Slash)
	}
	return nil
}

// Backups gives a site's backups, newest first.
func (ss *Sites) Backups(ctx context.Context, uri URI) ([]Backup, error) {
	names, err := ss.Store.List(ctx, BackupsOf(uri), Page{Descending: true, Limit: 1000})
	if err != nil {
		return nil, err
	}
	return readRows(ctx, ss.Store, names, func(b *Backup, name string) { b.URI, b.Name = uri, name })
}

// BackedUp records a backup, and forgets those that its host has deleted.
func (ss *Sites) BackedUp(ctx context.Context, b Backup, gone []string) error {
	return ss.Store.Update(ctx, Catalogue, func(tx Tx) error {
		have := Backup{URI: b.URI, Name: b.Name}
		found, err := tx.Get(&have)
		if err != nil {
			return err
		}
		if !found {
			b.At = tx.Now()
			tx.Put(&b)
		}
		for _, name := range gone {
			old := Backup{URI: b.URI, Name: name}
			if found, err := tx.Get(&old); err != nil {
				return err
			} else if found {
				tx.Delete(&old)
			}
		}
		return nil
	})
}
