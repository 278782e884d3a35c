package database

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/google/renameio/v2"
	"github.com/klauspost/compress/zstd"
)

// An Archive describes a dump. It stands at the beginning of the file in a frame
// that zstd programs skip, so `zstdcat FILE` gives what the engine's own programs
// load: SQL for servers, the database file for SQLite.
type Archive struct {
	Schema    int    `json:"schema"` // 1
	Engine    string `json:"engine"` // mysql or sqlite
	Source    string `json:"source"` // name of the database it was made of
	Charset   string `json:"charset,omitempty"`
	Collation string `json:"collation,omitempty"`
	// Names are those of everything in a server's database that statements may call.
	Names []string `json:"names,omitempty"`
	// Size is how many bytes the source took on its server.
	Size int64 `json:"size,omitempty"`
	// Mark is what the source held. A table of which nothing is known, because
	// it was written while it was dumped, has -1 rows.
	Mark  Mark  `json:"mark"`
	Bytes int64 `json:"-"` // size of the file
}

// names are a.Names as a set.
func (a *Archive) names() map[string]bool {
	set := map[string]bool{}
	for _, name := range a.Names {
		set[name] = true
	}
	return set
}

const (
	archiveSchema = 1
	skippable     = 0x184D2A50 // RFC 8878, section 3.1.2
	// maxHeader bounds the description, which a damaged file may call endless.
	maxHeader = 64 << 20
)

const (
	frameHead = 8 // bytes of a frame before its text
	// sumRoom is by how much the description may grow for each table of which
	// only the dump itself tells what is in it: two numbers of 20 digits.
	sumRoom = 64
)

// describe writes the description to the beginning of out, filled up to room.
func (a *Archive) describe(out io.WriterAt, room int) error {
	text, err := json.Marshal(a)
	if err != nil {
		return err
	}
	if len(text) > room {
		return fmt.Errorf("the description has %d bytes instead of %d", len(text), room)
	}
	frame := binary.LittleEndian.AppendUint32(nil, skippable)
	frame = binary.LittleEndian.AppendUint32(frame, uint32(room))
	frame = append(append(frame, text...), bytes.Repeat([]byte(" "), room-len(text))...)
	_, err = out.WriteAt(frame, 0)
	return err
}

// writeArchive makes file with what content writes and the description, in which
// content may fill in the sums of tables. The file appears when it is complete
// and on disk, readable by its owner alone.
func writeArchive(file string, a *Archive, content func(io.Writer) error) error {
	out, err := renameio.NewPendingFile(file, renameio.WithPermissions(0o600))
	if err != nil {
		return err
	}
	defer out.Cleanup()
	a.Schema = archiveSchema
	text, err := json.Marshal(a)
	if err != nil {
		return err
	}
	room := len(text) + sumRoom*len(a.Mark.Tables)
	if err := a.describe(out, room); err != nil {
		return err
	}
	if _, err := out.Seek(frameHead+int64(room), io.SeekStart); err != nil {
		return err
	}
	z, err := zstd.NewWriter(out, zstd.WithEncoderConcurrency(2))
	if err != nil {
		return err
	}
	if err := content(z); err != nil {
		_ = z.Close()
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	if err := a.describe(out, room); err != nil {
		return err
	}
	info, err := out.Stat()
	if err != nil {
		return err
	}
	a.Bytes = info.Size()
	return out.CloseAtomicallyReplace()
}

// readArchive opens file and calls use with its description and content. A file
// that is cut or altered anywhere is an error: zstd checks its content.
func readArchive(file, engine string, use func(Archive, io.Reader) error) error {
	in, err := os.Open(file)
	if err != nil {
		return err
	}
	defer in.Close()
	r := bufio.NewReaderSize(in, 1<<20)
	a, err := readHeader(r)
	if err != nil {
		return fmt.Errorf("%s is not an archive of ours: %w", file, err)
	}
	if a.Schema != archiveSchema || a.Engine != engine {
		return fmt.Errorf("%s is an archive of kind %q, schema %d; expected %q, %d", file, a.Engine, a.Schema, engine, archiveSchema)
	}
	z, err := zstd.NewReader(r)
	if err != nil {
		return err
	}
	defer z.Close()
	return use(a, z)
}

func readHeader(r io.Reader) (a Archive, err error) {
	var head [8]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return a, err
	}
	size := binary.LittleEndian.Uint32(head[4:])
	if binary.LittleEndian.Uint32(head[:4]) != skippable || size > maxHeader {
		return a, errors.New("it begins otherwise")
	}
	text := make([]byte, size)
	if _, err := io.ReadFull(r, text); err != nil {
		return a, err
	}
	return a, json.Unmarshal(text, &a)
}

// VerifyArchive proves that the archive in file can be restored: it loads it into
// scratch, a new name that the engine may use, compares what is there with what
// the archive says, and drops it again.
func VerifyArchive(ctx context.Context, e interface {
	Cloner
	Archiver
}, file, scratch string) (Report, error) {
	report, err := e.Restore(ctx, file, scratch, Options{})
	if err != nil {
		return report, fmt.Errorf("verify %s: %w", file, err)
	}
	if err := e.Drop(ctx, scratch); err != nil {
		return report, fmt.Errorf("verify %s: %w", file, err)
	}
	return report, nil
}
