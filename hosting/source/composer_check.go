package source

import (
	"encoding/json"
	"errors"
	"io/fs"
	"path"
	"strings"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/internal/mirror"
)

// maxComposer bounds composer.json and composer.lock; the largest lock seen, of
// 258 packages, has 600 KB.
const maxComposer = 32 << 20

// A lockedPackage is what is read of a package in composer.lock.
type lockedPackage struct {
	Name   string `json:"name"`
	Source origin `json:"source"`
	Dist   origin `json:"dist"`
}

// An origin is where composer gets a package.
type origin struct {
	Type    string `json:"type"`
	URL     string `json:"url"`
	Mirrors []struct {
		URL string `json:"url"`
	} `json:"mirrors"`
}

// checkComposer refuses what composer would do before it is started: without a
// lock it would choose versions by itself, and the addresses in a lock are asked
// by composer, which knows no policy.
func checkComposer(dir, sub string, policy mirror.Policy) error {
	t, err := openTree(dir)
	if err != nil {
		return err
	}
	defer t.Close()
	var lock struct {
		Packages    []lockedPackage `json:"packages"`
		PackagesDev []lockedPackage `json:"packages-dev"`
	}
	for name, into := range map[string]any{"composer.json": new(map[string]any), "composer.lock": &lock} {
		b, err := t.ReadFile(path.Join(sub, name), maxComposer)
		if errors.Is(err, fs.ErrNotExist) {
			return fleet.Errorf(fleet.Refused, "There is no %s in the repository.", path.Join(sub, name)).
				WithHint("Commit composer.json and composer.lock; platforms are built from the lock only.")
		}
		if err != nil {
			return err
		}
		if err := json.Unmarshal(b, into); err != nil {
			return fleet.Errorf(fleet.Refused, "The file %s is not right.", path.Join(sub, name)).Because(err)
		}
	}
	for _, p := range append(lock.Packages, lock.PackagesDev...) {
		for _, o := range []origin{p.Source, p.Dist} {
			if err := checkOrigin(o, sub, policy); err != nil {
				return fleet.Errorf(fleet.Refused, "composer.lock, package %s: %s", fleet.Clean(p.Name, 80), explained(err)).Because(err)
			}
		}
	}
	return nil
}

// checkOrigin checks where a package comes from. Paths stay inside the
// repository; repositories of this host, which composer writes as absolute paths
// into the lock, are for hosts whose operator allows private addresses.
func checkOrigin(o origin, sub string, policy mirror.Policy) error {
	addresses := []string{o.URL}
	for _, m := range o.Mirrors {
		addresses = append(addresses, m.URL)
	}
	for _, a := range addresses {
		scheme, rest, isURL := strings.Cut(a, "://")
		switch {
		case a == "", policy.AllowPrivate && scheme == "file" && isURL && strings.HasPrefix(rest, "/"):
		case policy.AllowPrivate && o.Type == "git" && path.IsAbs(a):
		case !isURL:
			at := path.Join(sub, a)
			if path.IsAbs(a) || at == ".." || strings.HasPrefix(at, "../") || strings.HasPrefix(a, "-") || strings.Contains(a, ":") {
				return fleet.Errorf(fleet.Refused, "Its path leads out of the repository.")
			}
		default:
			if err := policy.CheckDownload(strings.NewReplacer("%package%", "p", "%version%", "v", "%reference%", "r", "%type%", "t").Replace(a)); err != nil {
				return err
			}
		}
	}
	return nil
}

// explained gives the sentence of an error of the policy.
func explained(err error) string {
	var e *fleet.Error
	if errors.As(explain(err), &e) {
		return e.Text
	}
	return "Its address cannot be used."
}
