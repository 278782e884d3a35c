package aegir

import (
	"encoding/json"
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"

	"github.com/distrobot/distrobot/fleet"
)

// A motion is a move of a site that has begun and is not wholly done: DATA/aegir/URI.json.
// It is written before Aegir is told anything and deleted when the site is whole
// again, on either side.
type motion struct {
	From, To   int64 // generations
	ToPlatform fleet.PlatformName
	// Returning says that the way back has begun: the data is not From's until the
	// restore is done, wherever the site is.
	Returning bool
}

// at gives the generation that a site is to be taken for while it is on a
// platform of Aegir.
func (m motion) at(p fleet.PlatformName) int64 {
	if m.Returning || p == m.ToPlatform {
		return m.To
	}
	return m.From
}

func (b *Backend) motionFile(uri fleet.URI) string {
	return filepath.Join(b.Records.Data, "aegir", url.PathEscape(string(uri))+".json")
}

// motion reads the motion of a site; false if it stands.
func (b *Backend) motion(uri fleet.URI) (motion, bool, error) {
	var m motion
	text, err := os.ReadFile(b.motionFile(uri))
	if errors.Is(err, fs.ErrNotExist) {
		return m, false, nil
	}
	if err != nil {
		return m, false, err
	}
	return m, true, json.Unmarshal(text, &m)
}

// move writes a motion, durably.
func (b *Backend) move(uri fleet.URI, m motion) error { return keepJSON(b.motionFile(uri), m) }

// rest forgets a motion.
func (b *Backend) rest(uri fleet.URI) error { return forget(b.motionFile(uri)) }

// keepJSON writes a file of ours, durably and whole.
func keepJSON(at string, v any) error {
	if err := os.MkdirAll(filepath.Dir(at), 0o700); err != nil {
		return err
	}
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(at), ".new-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), at)
}

// forget deletes a file of ours; an absent one is no error.
func forget(at string) error {
	err := os.Remove(at)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
