package job

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

// Ended is a machine's own memory of the tasks that have ended on it. A record
// of the storage is signed, but a signature does not tell an older version of it
// from the present one: a task that was copied out while it was queued, and is
// written back later, would run again. What the machine itself remembers cannot
// be written by whoever can write to the storage. It costs 24 bytes of memory a
// task, and a line in a file.
type Ended struct {
	mu   sync.Mutex
	path string
	how  map[endedKey]fleet.TaskState
	from time.Time
}

// endedKey is the beginning of the SHA-256 of a task's id.
type endedKey [16]byte

// endedFor is how long a task is remembered. One that was ordered before is held
// for a person: this machine cannot tell any more whether it has ended here.
const endedFor = 400 * 24 * time.Hour

// OpenEnded reads the memory from a file, which is made if there is none, and
// drops what is too old. One process may have it open: the worker that holds the
// lock of its data directory.
func OpenEnded(path string, now time.Time) (*Ended, error) {
	e := &Ended{path: path, how: map[endedKey]fleet.TaskState{}, from: now.Add(-endedFor)}
	raw, err := os.ReadFile(path)
	if err != nil && !os.IsNotExist(err) {
		return nil, fmt.Errorf("job: the memory of ended tasks: %w", err)
	}
	var keep bytes.Buffer
	for lines := bufio.NewScanner(bytes.NewReader(raw)); lines.Scan(); {
		if k, state, at, ok := parseEnded(lines.Text()); ok && at.After(e.from) {
			e.how[k] = state
			keep.WriteString(lines.Text() + "\n")
		}
	}
	if bytes.Equal(keep.Bytes(), raw) {
		return e, nil
	}
	// Old lines go, and one that a crash has cut short.
	if err := os.WriteFile(path+".new", keep.Bytes(), 0o600); err != nil {
		return nil, fmt.Errorf("job: the memory of ended tasks: %w", err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		return nil, fmt.Errorf("job: the memory of ended tasks: %w", err)
	}
	return e, nil
}

// parseEnded reads a line: key, state, and when it ended in Unix seconds.
func parseEnded(line string) (k endedKey, s fleet.TaskState, at time.Time, ok bool) {
	parts := strings.Fields(line)
	if len(parts) != 3 || len(parts[0]) != 2*len(k) {
		return k, "", at, false
	}
	_, err := hex.Decode(k[:], []byte(parts[0]))
	sec, err2 := strconv.ParseInt(parts[2], 10, 64)
	s = fleet.TaskState(parts[1])
	return k, s, time.Unix(sec, 0), err == nil && err2 == nil && s.Final()
}

func endedKeyOf(id fleet.TaskID) endedKey {
	sum := sha256.Sum256([]byte(id))
	return endedKey(sum[:16])
}

// add remembers, on the disk, that a task has ended.
func (e *Ended) add(t fleet.Task) error {
	if e == nil || !t.State.Final() || t.OnlyLooks() {
		return nil
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	k := endedKeyOf(t.ID)
	if e.how[k] == t.State {
		return nil
	}
	e.how[k] = t.State
	f, err := os.OpenFile(e.path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := fmt.Fprintf(f, "%x %s %d\n", k, t.State, t.Ended.Unix()); err != nil {
		return err
	}
	return f.Sync()
}

// find tells how a task has ended here, and whether it is from a time of which
// nothing is remembered.
func (e *Ended) find(t fleet.Task) (how fleet.TaskState, forgotten bool) {
	if e == nil || t.OnlyLooks() {
		return "", false
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.how[endedKeyOf(t.ID)], t.Created.Before(e.from)
}
