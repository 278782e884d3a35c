package local

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"

	"github.com/google/renameio/v2"
)

var secretName = regexp.MustCompile(`^[A-Za-z0-9_]{1,60}$`)

// secrets reads the secrets of a site: they live as long as the site, for its
// logins and tokens hang on them, and only the worker's user may read the file.
func (s site) secrets() (map[string]string, error) {
	all := map[string]string{}
	b, err := os.ReadFile(s.path("secrets.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return all, nil
	}
	if err == nil {
		err = json.Unmarshal(b, &all)
	}
	if err != nil {
		return nil, fmt.Errorf("read the site's secrets: %w", err)
	}
	return all, nil
}

// keepSecret writes one secret; it replaces what was there.
func (s site) keepSecret(name, value string) error {
	all, err := s.secrets()
	if err != nil {
		return err
	}
	all[name] = value
	b, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		return err
	}
	if err := renameio.WriteFile(s.path("secrets.json"), append(b, '\n'), 0o600); err != nil {
		return err
	}
	return syncDir(string(s))
}

// secret gives 64 random letters and digits that are the same from then on. The
// site's lock is held.
func (s site) secret(name string) (string, error) {
	if !secretName.MatchString(name) {
		return "", fmt.Errorf("%q is no name of a secret", name)
	}
	all, err := s.secrets()
	if err != nil || all[name] != "" {
		return all[name], err
	}
	made := rand.Text() + rand.Text() + rand.Text() // 26 characters of 5 bits each
	made = made[:64]
	return made, s.keepSecret(name, made)
}
