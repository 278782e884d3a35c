package source

import (
	"context"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting/source/makefile"
	"github.com/distrobot/distrobot/hosting/source/unpack"
)

// Bounds of what one build downloads.
const (
	maxDownload = 512 << 20 // bytes of one file
	maxPatch    = 10 << 20  // bytes of one patch
)

// A getter fetches what makefiles name. Its methods may be called at once.
type getter struct {
	o     Options
	work  string
	repo  *tree          // of the makefile
	lock  *makefile.Lock // what must be taken; nil is free
	look  *look          // set if only what moved is fetched
	count atomic.Int64   // names files of the work directory

	mu    sync.Mutex
	trees []*tree // of included repositories
}

func newGetter(o Options, b building) (*getter, error) {
	repo, err := openTree(b.repo)
	return &getter{o: o, work: b.work, repo: repo, look: b.look}, err
}

func (g *getter) close() {
	_ = g.repo.Close()
	for _, t := range g.trees {
		_ = t.Close()
	}
}

// temp is a name in the work directory that nobody else uses.
func (g *getter) temp(what string) string {
	return filepath.Join(g.work, fmt.Sprintf("%s-%d", what, g.count.Add(1)))
}

// fetch brings an item's content into it.dir and notes in it.was what it took.
// Whatever is wrong is told with the line of the makefile that asked for it.
func (g *getter) fetch(ctx context.Context, it *item, core makefile.Core) error {
	pos := it.Pos
	if it.Download.Type != "" {
		pos = it.Download.Pos
	}
	w, err := g.want(ctx, it, core)
	if err != nil {
		return where(pos, err)
	}
	if g.look != nil {
		if done, err := g.glance(ctx, it, w); done || err != nil {
			return where(pos, err)
		}
	}
	if w.repository() {
		err = g.checkout(ctx, it, w)
	} else {
		err = g.archive(ctx, it, w)
	}
	if err != nil {
		return where(pos, err)
	}
	it.was = w.Locked
	return nil
}

// where adds the line of a makefile to an error that people read.
func where(p makefile.Pos, err error) error {
	var e *fleet.Error
	if err = explain(err); !errors.As(err, &e) || strings.HasPrefix(e.Text, p.String()) {
		return err
	}
	return fleet.Errorf(e.Code, "%s: %s", p, e.Text).WithHint("%s", e.Hint).Because(err)
}

// archive fetches a file or takes a directory of this host, unpacks it, and
// leaves what was asked for in it.dir.
func (g *getter) archive(ctx context.Context, it *item, w *wanted) error {
	if w.local != "" {
		if info, err := os.Stat(w.local); err == nil && info.IsDir() {
			return w.copyDir(ctx, it)
		}
	}
	f, err := os.OpenFile(g.temp("download"), os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		_ = f.Close()
		_ = os.Remove(f.Name())
	}()
	sum, err := g.download(ctx, source{url: w.URL, local: w.local, sums: w.sums}, f)
	if err != nil {
		return err
	}
	if w.SHA256 != "" && w.SHA256 != sum {
		return fleet.Errorf(fleet.Refused, "What %s gives is not what the lock says; its SHA-256 is %s.", fleet.Clean(w.URL, 200), sum).
			WithHint("Find out why a release changed before you trust it.")
	}
	w.SHA256 = sum
	return g.unpacked(ctx, it, f, w)
}

// unpacked leaves the content of an archive in it.dir: the subtree asked for, or
// all of it less a single directory around it. A file that is no archive comes
// into the directory under its own name.
func (g *getter) unpacked(ctx context.Context, it *item, f *os.File, w *wanted) error {
	all := g.temp("unpacked")
	if err := os.Mkdir(all, 0o755); err != nil {
		return err
	}
	defer os.RemoveAll(all)
	err := unpack.Into(ctx, f, all, unpack.Limits{})
	if errors.Is(err, unpack.ErrNotArchive) {
		return g.plain(it, f.Name(), w)
	}
	if err != nil {
		return err
	}
	from := all
	if w.Subtree != "" {
		from = filepath.Join(all, w.Subtree) // no link can be on the way: none is unpacked
		if info, err := os.Lstat(from); err != nil || !info.IsDir() {
			return fleet.Errorf(fleet.Failed, "The archive has no directory %q.", fleet.Clean(w.Subtree, 120))
		}
		return os.Rename(from, it.dir)
	}
	entries, err := os.ReadDir(all)
	if err != nil {
		return err
	}
	if len(entries) == 1 && entries[0].IsDir() {
		from = filepath.Join(all, entries[0].Name())
	}
	return os.Rename(from, it.dir)
}

// plain puts a single file into the project's directory.
func (g *getter) plain(it *item, file string, w *wanted) error {
	if w.Subtree != "" {
		return fleet.Errorf(fleet.Failed, "The file is no archive, so it has no directory %q.", fleet.Clean(w.Subtree, 120))
	}
	if !it.Project.Library && it.Kind != makefile.Library {
		return fleet.Errorf(fleet.Failed, "What %s gives is no archive.", fleet.Clean(w.URL, 200)).
			WithHint("It may be a page with an error; look at it.")
	}
	name, err := fileName(it.Download, w.URL)
	if err != nil {
		return err
	}
	if err := os.Mkdir(it.dir, 0o755); err != nil {
		return err
	}
	to := filepath.Join(it.dir, name)
	if err := os.Rename(file, to); err != nil {
		return err
	}
	return os.Chmod(to, 0o644)
}

// A source is where one file comes from.
type source struct {
	url   string
	local string // path on this host; "" asks url
	sums  makefile.Sums
}

// download writes a file to f, checks it, and gives its SHA-256.
func (g *getter) download(ctx context.Context, s source, f io.Writer) (string, error) {
	sums := map[string]hash.Hash{"SHA-256": sha256.New()}
	want := map[string]string{"MD5": s.sums.MD5, "SHA-1": s.sums.SHA1, "SHA-256": s.sums.SHA256}
	if s.sums.MD5 != "" {
		sums["MD5"] = md5.New()
	}
	if s.sums.SHA1 != "" {
		sums["SHA-1"] = sha1.New()
	}
	w := []io.Writer{f}
	for _, h := range sums {
		w = append(w, h)
	}
	if err := g.read(ctx, s, io.MultiWriter(w...)); err != nil {
		return "", err
	}
	for name, h := range sums {
		if got := hex.EncodeToString(h.Sum(nil)); want[name] != "" && got != want[name] {
			return "", fleet.Errorf(fleet.Refused, "The %s checksum of %s is %s, not %s.", name, fleet.Clean(s.url, 200), got, want[name]).
				WithHint("The file was changed, or the makefile is wrong.")
		}
	}
	return hex.EncodeToString(sums["SHA-256"].Sum(nil)), nil
}

// read copies a file of this host, or of another.
func (g *getter) read(ctx context.Context, s source, w io.Writer) error {
	if s.local == "" {
		return g.o.Files.Get(ctx, s.url, w, maxDownload)
	}
	in, err := os.Open(s.local)
	if err != nil {
		return fleet.Errorf(fleet.Failed, "The file %s cannot be read.", fleet.Clean(s.url, 200)).Because(err)
	}
	defer in.Close()
	n, err := io.Copy(w, io.LimitReader(in, maxDownload+1))
	if err == nil && n > maxDownload {
		err = fleet.Errorf(fleet.Refused, "The file %s is larger than %d MiB.", fleet.Clean(s.url, 200), maxDownload>>20)
	}
	return err
}

// Get implements makefile.Remote.
func (g *getter) Get(ctx context.Context, url string, limit int64) ([]byte, error) {
	var out strings.Builder
	if err := g.o.Files.Get(ctx, g.o.policy().Upgrade(url), &out, limit); err != nil {
		return nil, explain(err)
	}
	return []byte(out.String()), nil
}
