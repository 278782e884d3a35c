package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"

	"github.com/distrobot/distrobot/fleet"
)

var identityForm = regexp.MustCompile(`^[0-9a-z]{26}$`)

// identity gives the data directory's own name, which it keeps for ever; it is
// made when a worker first runs there. The caller holds the worker's lock.
func (a *app) identity() (string, error) {
	path := filepath.Join(a.cfg.Data, "identity")
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		data = []byte(a.newID())
		err = writeOnce(path, data)
	}
	if err != nil {
		return "", fmt.Errorf("the data directory's identity: %w", err)
	}
	id := strings.TrimSpace(string(data))
	if !identityForm.MatchString(id) {
		return "", fmt.Errorf("%s is damaged: it must hold 26 letters and digits; restore it from a backup", path)
	}
	return id, nil
}

// writeOnce makes a file that is there wholly or not at all, also after a power
// cut.
func writeOnce(path string, data []byte) error {
	part := path + ".part"
	f, err := os.OpenFile(part, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(append(data, '\n'))
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(part, path); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer dir.Close()
	return dir.Sync()
}

// place says where this worker runs. Its mark is another for every copy of a
// data directory: a copy has another inode, or is on another machine.
func (a *app) place() (fleet.Place, error) {
	st, err := os.Stat(a.cfg.Data)
	if err != nil {
		return fleet.Place{}, err
	}
	sys, ok := st.Sys().(*syscall.Stat_t)
	if !ok {
		return fleet.Place{}, errors.New("the data directory's inode cannot be read")
	}
	name, err := os.Hostname()
	if err != nil {
		return fleet.Place{}, err
	}
	machine, err := os.ReadFile("/etc/machine-id") // the same for the life of an installation
	if err != nil {
		machine = []byte(name)
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\n%d", strings.TrimSpace(string(machine)), sys.Ino))
	return fleet.Place{Machine: name, Path: a.cfg.Data, Mark: hex.EncodeToString(sum[:8])}, nil
}
