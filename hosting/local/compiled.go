package local

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/distrobot/distrobot/hosting"
	"github.com/distrobot/distrobot/internal/run"
)

// An update spends most of its time compiling PHP, while visitors wait. So PHP's
// file cache (opcache.file_cache) is filled before the window with the files that
// the site's programs used before. PHP compares the time of every file with that
// of its compiled form, and runs what it would without.
//
// The cache is there from "prepare" until the task is recorded or given up. It
// belongs to the site's user, whose programs alone read it. Without it everything
// works and takes longer: what fails here is no reason to stop.

// compiled is the directory of the cache and of the settings that lead there.
func (s site) compiled() string { return s.path("compiled") }

// Below compiled; the directory of settings is read by PHP as a whole.
const (
	cacheFiles    = "files"
	cacheSettings = "opcache.ini"
)

// Bounds of filling the cache.
const (
	compileTime = 30 * time.Second
	compileRoom = 256 << 20 // bytes that the disk must have free
	maxUsed     = 4000      // files that are compiled and remembered
)

// compileProgram is given to php -r, so that its standard input is the list.
//
//go:embed compile.php
var compileProgram string

// plainPath is what the path of the cache may hold to be put into PHP's settings
// and into PHP_INI_SCAN_DIR, a list that is separated by colons.
var plainPath = regexp.MustCompile(`^/[A-Za-z0-9/._@+~-]*$`)

// cacheIni are PHP's settings. Nothing is optimized: programs run as they do on
// the command line without a cache. The rest undoes what the machine's settings
// for its web servers may say, and what is harmful or useless here.
const cacheIni = `; Written by distrobot for the programs of an update.
opcache.enable=1
opcache.enable_cli=1
opcache.file_cache="%s"
opcache.file_cache_only=1
opcache.file_cache_consistency_checks=1
opcache.validate_timestamps=1
opcache.file_update_protection=2
opcache.optimization_level=0
opcache.save_comments=1
opcache.max_file_size=0
opcache.blacklist_filename=
opcache.restrict_api=
opcache.preload=
opcache.jit=disable
opcache.jit_buffer_size=0
`

// precompile makes the cache for the programs of a copy that was laid out, if
// that shortens anything: a site that is made begins with an empty one, to learn
// what its programs use.
func (b *Backend) precompile(ctx context.Context, s site, c hosting.Copy) {
	if !c.App.PHP || c.Takes || c.App.Update == nil && c.App.Install == nil {
		return
	}
	list := s.used()
	if len(list) == 0 && c.From > 0 && !c.Rehearsal {
		if list, _ = b.Front.Compiled(ctx, c.URI); len(list) == 0 {
			return
		}
	}
	if err := b.compile(ctx, s, c, list); err != nil {
		s.uncache()
	}
}

// compile makes the cache and fills it with files of the list, paths relative to
// the view. It fails when programs cannot use the cache or it is of no use.
func (b *Backend) compile(ctx context.Context, s site, c hosting.Copy, list []string) error {
	if room, err := b.Room(ctx); err != nil || room < compileRoom {
		return errors.Join(err, errors.New("too little room for compiled files"))
	}
	p, err := b.place(s, c)
	if err != nil {
		return err
	}
	u, err := s.makeCache(b)
	if err != nil {
		return err
	}
	r, err := run.Run(ctx, b.isolation.learn(ctx, run.Command{
		Program: "php", Args: []string{"-d", "display_errors=0", "-d", "log_errors=0", "-d", "memory_limit=512M", "-r", compileProgram},
		Dir: p.Root, Env: append(environ(map[string]string{"SITE_ROOT": p.Root}), s.cached()...), As: u, Timeout: compileTime,
		Stdin: strings.NewReader(strings.Join(list, "\n")),
	}))
	var failed *run.Error
	compiled := strings.Count(r.Stdout, ".")
	switch {
	case !strings.HasPrefix(r.Stdout, "ready"):
		return errors.Join(err, errors.New("PHP has no cache of compiled files"))
	case compiled == 0 && len(list) > 0:
		return errors.Join(err, errors.New("PHP compiled nothing"))
	case err != nil && !errors.As(err, &failed):
		return err
	}
	return nil // what a file ended, or the time, leaves what was compiled before
}

// makeCache makes an empty cache and gives the user it belongs to.
func (s site) makeCache(b *Backend) (*run.User, error) {
	s.uncache()
	u, err := b.user(s)
	if err != nil {
		return nil, err
	}
	dir, err := filepath.Abs(s.compiled())
	if err != nil || !plainPath.MatchString(dir) {
		return nil, errors.Join(err, fmt.Errorf("PHP's settings cannot hold the path %q", dir))
	}
	files := filepath.Join(dir, cacheFiles)
	if err := os.MkdirAll(files, 0o755); err != nil {
		return nil, err
	}
	if err := os.Chmod(files, 0o700); err != nil {
		return nil, err
	}
	if u != nil {
		if err := os.Lchown(files, int(u.UID), int(u.GID)); err != nil {
			return nil, err
		}
	}
	return u, os.WriteFile(filepath.Join(dir, cacheSettings), fmt.Appendf(nil, cacheIni, files), 0o644)
}

// cached is what makes a program use the cache: PHP reads the machine's own
// settings, which an empty entry stands for, and then ours. Programs that it
// starts are told too. Nil without a cache, without which PHP would not start.
func (s site) cached() []string {
	dir := s.compiled()
	for _, part := range []string{cacheSettings, cacheFiles} {
		if _, err := os.Lstat(filepath.Join(dir, part)); err != nil {
			return nil
		}
	}
	return []string{"PHP_INI_SCAN_DIR=:" + dir}
}

// uncache deletes the cache, the settings first: no program is told of half of it.
func (s site) uncache() {
	_ = os.Remove(filepath.Join(s.compiled(), cacheSettings))
	_ = os.RemoveAll(s.compiled()) // the next attempt makes a new one, or none
}
