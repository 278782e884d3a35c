package local

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strconv"

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
}

// Lay implements hosting.Copies.
func (b *Backend) Lay(ctx context.Context, c hosting.Copy) error {
	return hosting.Explain("prepare the new copy of the site", b.guarded(ctx, c, func(s site, _ *os.File) error {
		if n, err := s.live(); err != nil || n == c.Generation {
			return orLive(err, c)
		}
		gen := s.gen(c.Generation)
		if err := os.MkdirAll(gen, 0o755); err != nil {
			return err
		}
		root := filepath.Join(gen, "root")
		if err := removeTree(root); err != nil {
			return err
		}
		f, err := b.plan(s, c, root)
		if err != nil {
			return err
		}
		if err := f.lay(); err != nil {
			return err
		}
		if err := b.giveSettings(f); err != nil {
			return err
		}
		v := view{Docroot: c.Tree.Spec.Docroot, Tree: string(c.Platform), Shared: c.Tree.Spec.Shared}
		v.Private = append(v.Private, c.Tree.Spec.Versioned...)
		for to := range f.files {
			v.Private = append(v.Private, to)
		}
		if err := writeJSON(filepath.Join(gen, "view.json"), v); err != nil {
			return err
		}
		return b.writeRecord(s, c)
	}))
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
	for _, p := range c.Tree.Spec.Shared {
		if err := b.seed(c.Tree.Dir, p, s.path("shared")); err != nil {
			return nil, err
		}
		f.link(p, s.path("shared", p))
	}
	for _, p := range c.Tree.Spec.Versioned {
		f.link(p, filepath.Join(filepath.Dir(root), "versioned", p))
	}
	tree, err := os.OpenRoot(c.Tree.Dir)
	if err != nil {
		return nil, err
	}
	defer tree.Close()
	for from, to := range c.Tree.Spec.Settings {
		text, err := tree.ReadFile(from)
		if err != nil {
			return nil, fleet.Errorf(fleet.Failed, "The settings template %s is not in the platform.", from).Because(err)
		}
		if f.files[to], err = render(text, values(c, root)); err != nil {
			return nil, err
		}
		f.file(to, f.files[to])
	}
	return f, nil
}

// values are what templates and programs of a site are told.
func values(c hosting.Copy, root string) map[string]string {
	return map[string]string{
		"SITE_URI": string(c.URI), "SITE_ID": c.ID, "SITE_ROOT": root, "SITE_PLATFORM": string(c.Platform),
		"SITE_GENERATION": strconv.FormatInt(c.Generation, 10),
	}
}

var variable = regexp.MustCompile(`\$\{(SITE_[A-Z_]+)\}`)

// render replaces ${SITE_…} in a template. Nothing else of it is touched, so
// that templates can be PHP or shell.
func render(text []byte, values map[string]string) ([]byte, error) {
	var unknown string
	out := variable.ReplaceAllFunc(text, func(m []byte) []byte {
		v, ok := values[string(m[2:len(m)-1])]
		if !ok {
			unknown = string(m)
		}
		return []byte(v)
	})
	if unknown != "" {
		return nil, fleet.Errorf(fleet.Failed, "A settings template uses %s, which is not known.", fleet.Clean(unknown, 60))
	}
	return out, nil
}

// giveSettings lets the site's user read the settings, and nobody else.
func (b *Backend) giveSettings(f *farm) error {
	if b.As == nil {
		return nil
	}
	for rel := range f.files {
		if err := os.Lchown(filepath.Join(f.root, rel), -1, int(b.As.GID)); err != nil {
			return err
		}
	}
	return nil
}
