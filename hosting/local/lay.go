package local

import (
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
)

// A view says how a generation is served; it is kept beside the record, so that
// the web server needs neither the platform's specification nor Redis.
type view struct {
	Docroot string   `json:"docroot"`
	Tree    string   `json:"tree"`              // name of the platform
	Shared  []string `json:"shared,omitempty"`  // files below are served, never run
	Private []string `json:"private,omitempty"` // never served as files
	PHP     bool     `json:"php,omitempty"`
	Ignored []string `json:"ignored,omitempty"` // tables that do not count as written to
}

// Lay implements hosting.Copies.
func (b *Backend) Lay(ctx context.Context, c hosting.Copy) error {
	return hosting.Explain("prepare the new copy of the site", b.guarded(ctx, c, func(s site, _ *os.File) error {
		if err := s.notLive(c); err != nil {
			return err
		}
		gen := s.genOf(c)
		s.learn() // what an attempt that ended early left
		if err := b.unlay(ctx, s, c); err != nil {
			return err
		}
		root := filepath.Join(gen, "root")
		if err := os.MkdirAll(gen, 0o755); err != nil {
			return err
		}
		if err := b.writeRecord(s, c); err != nil {
			return err
		}
		if err := b.admit(ctx, s, c); err != nil {
			return err
		}
		if err := b.serve(ctx, s, c); err != nil {
			return err
		}
		f, err := b.plan(s, c, root)
		if err != nil {
			return err
		}
		if err := f.lay(); err != nil {
			return err
		}
		if err := b.giveSettings(s, f); err != nil {
			return err
		}
		if err := os.Symlink(filepath.Join("root", c.App.Docroot), filepath.Join(gen, "www")); err != nil {
			return err
		}
		if err := writeJSON(filepath.Join(gen, "view.json"), viewOf(c, f)); err != nil {
			return err
		}
		b.precompile(ctx, s, c)
		// A rollback has no later step that would bring the settings to the disk.
		if err := syncBelow(gen); err != nil {
			return err
		}
		if c.App.PHP && c.From > 0 {
			// Now rather than while visitors wait. Without it, the check takes longer.
			_, _ = b.Front.Warm(ctx, c.URI, genName(s, c))
		}
		return nil
	}))
}

// unlay removes what an earlier attempt laid out. Its data, which is filled in
// again anyway, goes only with a rehearsal.
func (b *Backend) unlay(ctx context.Context, s site, c hosting.Copy) error {
	gen := s.genOf(c)
	if c.Rehearsal {
		return b.clear(ctx, s)
	}
	if err := os.Remove(filepath.Join(gen, "www")); err != nil && !os.IsNotExist(err) {
		return err
	}
	return removeTree(filepath.Join(gen, "root"))
}

// viewOf says how a copy is served; f may be nil before it is planned.
func viewOf(c hosting.Copy, f *farm) view {
	v := view{Docroot: c.App.Docroot, Tree: string(c.Platform), Shared: c.App.Shared, PHP: c.App.PHP}
	v.Private = append(v.Private, c.App.Versioned...)
	if f != nil {
		v.Private = slices.AppendSeq(v.Private, maps.Keys(f.files))
	}
	if c.App.Database != nil {
		v.Ignored = c.App.Database.Ignored
	}
	return v
}

// notLive refuses to work on the generation that visitors get.
func (s site) notLive(c hosting.Copy) error {
	if n, err := s.live(); err != nil || n == c.Generation && !c.Rehearsal {
		return orLive(err, c)
	}
	return nil
}

func orLive(err error, c hosting.Copy) error {
	if err != nil {
		return err
	}
	return fleet.Errorf(fleet.Conflict, "Generation %d of %s is live already.", c.Generation, c.URI)
}

// plan says what the site's own paths are: links to shared and versioned data,
// and settings rendered for this generation.
func (b *Backend) plan(s site, c hosting.Copy, root string) (*farm, error) {
	f := newFarm(c.Tree.Dir, root)
	f.hard = c.App.PHP
	u, err := b.user(s)
	if err != nil {
		return nil, err
	}
	for _, p := range c.App.Shared {
		if err := share(s, c, p, u); err != nil {
			return nil, err
		}
		f.link(p, s.path("shared", p))
	}
	for _, p := range c.App.Versioned {
		f.link(p, filepath.Join(filepath.Dir(root), "versioned", p))
	}
	p, err := b.place(s, c)
	if err != nil {
		return nil, err
	}
	if err := templates(c.Tree, p, f); err != nil || c.App.Settings == nil {
		return f, err
	}
	files, err := c.App.Settings(p)
	for _, file := range files {
		f.file(file.Path, file.Content)
	}
	return f, err
}

// templates renders the settings that the specification names.
func templates(t hosting.Tree, p hosting.Place, f *farm) error {
	tree, err := os.OpenRoot(t.Dir)
	if err != nil {
		return err
	}
	defer tree.Close()
	for from, to := range t.Spec.Settings {
		text, err := tree.ReadFile(from)
		if err != nil {
			return fleet.Errorf(fleet.Failed, "The settings template %s is not in the platform.", from).Because(err)
		}
		content, err := render(text, p)
		if err != nil {
			return err
		}
		f.file(to, content)
	}
	return nil
}

var variable = regexp.MustCompile(`\$\{(SITE_[A-Z_]+)\}`)

// secretVariable begins a variable that stands for a secret of the site:
// ${SITE_SECRET_SALT} is 64 characters that stay the same.
const secretVariable = "SITE_SECRET_"

// render replaces ${SITE_…} in a template. Nothing else of it is touched, so
// that templates can be PHP or shell.
func render(text []byte, p hosting.Place) ([]byte, error) {
	known := values(p)
	var failed error
	out := variable.ReplaceAllFunc(text, func(m []byte) []byte {
		name := string(m[2 : len(m)-1])
		if secret, ok := strings.CutPrefix(name, secretVariable); ok {
			v, err := p.Secret(strings.ToLower(secret))
			failed = errors.Join(failed, err)
			return []byte(v)
		}
		v, ok := known[name]
		if !ok {
			failed = fleet.Errorf(fleet.Failed, "A settings template uses ${%s}, which is not known.", fleet.Clean(name, 60))
		}
		return []byte(v)
	})
	return out, failed
}

// giveSettings lets the site's user read the settings, and nobody else.
func (b *Backend) giveSettings(s site, f *farm) error {
	u, err := b.user(s)
	if err != nil || u == nil {
		return err
	}
	for rel := range f.files {
		if err := os.Lchown(filepath.Join(f.root, rel), -1, int(u.GID)); err != nil {
			return err
		}
	}
	return nil
}
