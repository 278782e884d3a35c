package store

import (
	"bufio"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"

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
