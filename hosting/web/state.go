package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/distrobot/distrobot/fleet"
)

// known reads what Put was told of every site.
func (f *Front) known() (map[fleet.URI]Served, error) {
	out := map[fleet.URI]Served{}
	entries, err := os.ReadDir(filepath.Join(f.Dir, "sites"))
	if errors.Is(err, fs.ErrNotExist) {
		return out, nil
	}
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".json") || strings.HasPrefix(e.Name(), ".") {
			continue
		}
		var s Served
		b, err := os.ReadFile(filepath.Join(f.Dir, "sites", e.Name()))
		if err == nil {
			err = json.Unmarshal(b, &s)
		}
		if err != nil {
			return nil, fmt.Errorf("what is served as %s: %w", e.Name(), err)
		}
		out[s.URI] = s
	}
	return out, nil
}

// find reads what Put was told of one site.
func (f *Front) find(uri fleet.URI) (Served, error) {
	var s Served
	b, err := os.ReadFile(f.statePath(uri))
	if errors.Is(err, fs.ErrNotExist) {
		return s, fleet.Errorf(fleet.NotFound, "The web server of this host does not serve %s.", uri)
	}
	if err != nil {
		return s, err
	}
	return s, json.Unmarshal(b, &s)
}

func (f *Front) statePath(uri fleet.URI) string {
	return filepath.Join(f.Dir, "sites", fileName(uri)+".json")
}

// names says which site each host name of hosts belongs to: as its own, or as an
// alias.
func names(sites map[fleet.URI]Served) map[string]fleet.URI {
	out := map[string]fleet.URI{}
	for _, uri := range slices.Sorted(maps.Keys(sites)) {
		host, _ := hostOf(uri)
		out[host] = uri
	}
	for _, uri := range slices.Sorted(maps.Keys(sites)) {
		for _, a := range sites[uri].Aliases {
			if _, taken := out[string(a)]; !taken {
				out[string(a)] = uri
			}
		}
	}
	return out
}

// taken refuses a site that would get visitors of another one: an alias that is
// a site's own host, or another site's alias; a host that is an alias.
func taken(s Served, sites map[fleet.URI]Served) error {
	others := maps.Clone(sites)
	delete(others, s.URI)
	used := names(others)
	host, _ := hostOf(s.URI)
	if owner, ok := used[host]; ok {
		if other, _ := hostOf(owner); other != host {
			return fleet.Errorf(fleet.Conflict, "The address %s is an alias of the site %s already.", host, owner)
		}
	}
	for _, a := range s.Aliases {
		if owner, ok := used[string(a)]; ok {
			return fleet.Errorf(fleet.Conflict, "The alias %s of %s belongs to the site %s already.", a, s.URI, owner)
		}
		if string(a) == host {
			return fleet.Errorf(fleet.Invalid, "The alias %s of %s is its own address.", a, s.URI)
		}
	}
	return nil
}
