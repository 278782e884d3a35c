package web

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

// probeName is the name under which nginx tells what configuration it runs; no
// visitor's browser can look it up (RFC 6761).
const probeName = "distrobot.invalid"

// A base says what else of nginx.conf is ours: an operator may have a default
// server or a bucket size of their own, and nginx allows only one.
type base struct {
	Default, Hash bool
	Again         bool // read everything anew, whether it changed or not
}

// planBase leaves out what is on the disk already, and gives each server that
// has to read something new a new serial.
func (f *Front) planBase(p *plan, after map[fleet.URI]Served, b base) error {
	pools, hosts := false, false
	for path, text := range p.files {
		if same(path, text) {
			delete(p.files, path)
			continue
		}
		pools = pools || filepath.Dir(path) == filepath.Join(f.Dir, "pools")
		hosts = hosts || filepath.Dir(path) == filepath.Join(f.Dir, "vhosts")
	}
	serial := strconv.FormatInt(time.Now().UnixNano(), 36)
	data := struct {
		base
		Listen, Strange, ListenTLS []string // of the probe; of hosts nobody knows
		Name, Serial, Vhosts       string
	}{base: b, Listen: f.listen(""), Strange: f.listeners(after), Name: probeName, Serial: serialIn(f.basePath()), Vhosts: filepath.Join(f.Dir, "vhosts", "*.conf")}
	for uri := range after {
		if host, _ := hostOf(uri); f.certificate(host) != nil {
			data.ListenTLS = f.listenTLS()
		}
	}
	text, err := f.fill("nginx.conf.tmpl", nil, data)
	if err != nil {
		return err
	}
	if hosts || b.Again || !same(f.basePath(), text) {
		data.Serial, p.nginx = serial, serial
		if text, err = f.fill("nginx.conf.tmpl", nil, data); err != nil {
			return err
		}
		p.files[f.basePath()] = text
	}
	if countPHP(after) == 0 && !exists(f.basePoolPath()) {
		return nil
	}
	return f.planBasePool(p, pools || b.Again, serial)
}

// listeners are all plain ones, those of sites with a port of their own too.
func (f *Front) listeners(sites map[fleet.URI]Served) []string {
	out := slices.Clone(f.listen(""))
	for _, uri := range slices.Sorted(maps.Keys(sites)) {
		host, _ := hostOf(uri)
		if _, port := nameAndPort(host); port != "" {
			out = append(out, f.listen(port)...)
		}
	}
	seen := map[string]bool{}
	return slices.DeleteFunc(out, func(l string) bool {
		again := seen[l]
		seen[l] = true
		return again
	})
}

// countPHP counts the sites that need PHP.
func countPHP(sites map[fleet.URI]Served) int {
	n := 0
	for _, s := range sites {
		if s.PHP {
			n++
		}
	}
	return n
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// planBasePool adds the pool without a site when another one changed, or when
// it is not there yet.
func (f *Front) planBasePool(p *plan, changed bool, serial string) error {
	at := f.basePool()
	at.Digest = serialIn(f.basePoolPath())
	global := ""
	if f.abrupt() {
		global = patience
	}
	text, err := f.fill("pool.conf.tmpl", nil, at)
	if err != nil {
		return err
	}
	if !changed && same(f.basePoolPath(), append([]byte(global), text...)) {
		return nil
	}
	at.Digest, p.fpm = serial, serial
	text, err = f.fill("pool.conf.tmpl", nil, at)
	p.files[f.basePoolPath()] = append([]byte(global), text...)
	return err
}

// patience is what PHP-FPM needs so that a reload does not break off requests of
// all sites; unless the operator set it, see Front.abrupt. Nobody waits longer
// than that for the slowest request of a stranger.
const patience = "[global]\nprocess_control_timeout = 30s\n"

// abrupt reports whether PHP-FPM would break off requests by itself. The first
// answer is kept: with our own line in force it could not be found out again.
func (f *Front) abrupt() bool {
	if b, err := os.ReadFile(f.basePoolPath()); err == nil {
		return strings.HasPrefix(string(b), patience)
	}
	ctx, cancel := context.WithTimeout(context.Background(), commandTime)
	defer cancel()
	b, _ := dump(ctx, f.FPM.Dump)
	m := controlTimeout.FindSubmatch(b)
	return m == nil || string(m[1]) == "0"
}

var serialLine = regexp.MustCompile(`(?m)(?:return 200|^env\[DISTROBOT_POOL\] =) "([^" ]*)`)

// serialIn finds the serial that a file of ours holds.
func serialIn(path string) string {
	b, _ := os.ReadFile(path)
	if m := serialLine.FindSubmatch(b); m != nil {
		return string(m[1])
	}
	return ""
}
