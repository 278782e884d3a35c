package kind

import (
	"context"
	"path"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
)

// backdrop is Backdrop CMS.
type backdrop struct{}

// Name implements hosting.Kind.
func (backdrop) Name() fleet.KindName { return "backdrop" }

// Detect implements hosting.Kind.
func (backdrop) Detect(t hosting.Tree) bool {
	in, err := openTree(t)
	if err != nil {
		return false
	}
	defer in.Close()
	_, found := backdropIn(in)
	return found
}

// backdropIn finds Backdrop in a tree.
func backdropIn(in tree) (core, bool) {
	c := core{flavour: backdrop1, name: "backdrop", legacy: true}
	docroot, found := in.find(func(docroot string) bool {
		values := phpValues(in.file(path.Join(docroot, "core/includes/bootstrap.inc"), maxPHP))
		c.version, c.php = values["BACKDROP_VERSION"], atLeast(values["BACKDROP_MINIMUM_PHP"])
		return c.version != ""
	})
	c.docroot = docroot
	return c, found
}

// Read implements hosting.Kind.
func (backdrop) Read(ctx context.Context, t hosting.Tree) (fleet.PlatformFacts, error) {
	in, err := openTree(t)
	if err != nil {
		return fleet.PlatformFacts{}, err
	}
	defer in.Close()
	c, _ := backdropIn(in)
	return c.read(ctx, in)
}
