package web

import (
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/distrobot/distrobot/fleet"
)

// A plan is what a batch of changes makes of the configuration.
type plan struct {
	files  map[string][]byte // path → content; nil removes it
	nginx  string            // serial nginx shows after its reload; "" needs none
	fpm    string            // the same of PHP-FPM
	pools  []Served          // sites whose pool is new or other
	served []Served          // sites that need directories
}

// plan works out what the files are to be when the changes are done.
func (f *Front) plan(before map[fleet.URI]Served, batch []*change, b base) (*plan, error) {
	after, hosts := maps.Clone(before), map[string]bool{}
	p := &plan{files: map[string][]byte{}}
	for _, c := range batch {
		switch {
		case c.all:
			for uri := range after {
				host, _ := hostOf(uri)
				hosts[host] = true
				p.served = append(p.served, after[uri])
			}
			continue
		case c.site == nil:
			delete(after, c.uri)
			p.files[f.statePath(c.uri)] = nil
		default:
			after[c.uri] = *c.site
			text, err := json.MarshalIndent(c.site, "", "  ")
			if err != nil {
				return nil, err
			}
			p.files[f.statePath(c.uri)] = append(text, '\n')
			p.served = append(p.served, *c.site)
		}
		host, _ := hostOf(c.uri)
		hosts[host] = true
	}
	if err := f.planHosts(p, after, hosts); err != nil {
		return nil, err
	}
	if err := f.planPools(p, after, batch); err != nil {
		return nil, err
	}
	p.files[f.gate()] = gateText
	var err error
	if p.files[filepath.Join(f.Dir, "held.html")], err = f.held(); err != nil {
		return nil, err
	}
	return p, f.planBase(p, after, b)
}

// planHosts renders the virtual hosts that the changes touch.
func (f *Front) planHosts(p *plan, after map[fleet.URI]Served, hosts map[string]bool) error {
	sites := map[string][]Served{}
	for uri, s := range after {
		if host, _ := hostOf(uri); hosts[host] {
			sites[host] = append(sites[host], s)
		}
	}
	for host := range hosts {
		path := filepath.Join(f.Dir, "vhosts", fileName(fleet.URI(host))+".conf")
		if len(sites[host]) == 0 {
			p.files[path] = nil
			continue
		}
		text, err := f.render("vhost.conf.tmpl", f.vhost(host, sites[host]))
		if err != nil {
			return err
		}
		p.files[path] = text
	}
	return nil
}

// planPools renders the pools of the sites that the changes are about.
func (f *Front) planPools(p *plan, after map[fleet.URI]Served, batch []*change) error {
	uris := map[fleet.URI]bool{}
	for _, c := range batch {
		uris[c.uri] = true
		if c.all {
			for uri := range after {
				uris[uri] = true
			}
		}
	}
	delete(uris, "")
	for _, uri := range slices.Sorted(maps.Keys(uris)) {
		path := f.poolPath(uri)
		s, ok := after[uri]
		if !ok || !s.PHP {
			p.files[path] = nil
			continue
		}
		text, _, err := f.renderPool(f.pool(s))
		if err != nil {
			return err
		}
		p.files[path] = text
		if !same(path, text) {
			p.pools = append(p.pools, s)
		}
	}
	return nil
}

func (f *Front) poolPath(uri fleet.URI) string {
	return filepath.Join(f.Dir, "pools", fileName(uri)+".conf")
}

func (f *Front) basePath() string { return filepath.Join(f.Dir, "nginx.conf") }

func (f *Front) basePoolPath() string { return filepath.Join(f.Dir, "pools", "+base.conf") }

// same reports whether a file is as it is to be.
func same(path string, text []byte) bool {
	b, err := os.ReadFile(path)
	if text == nil {
		return errors.Is(err, fs.ErrNotExist)
	}
	return err == nil && string(b) == string(text)
}
