package aegir

import (
	"context"
	_ "embed" // of the scripts
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
	"github.com/distrobot/distrobot/internal/run"
)

var (
	//go:embed place.sh
	placeScript string
	//go:embed fetch.sh
	fetchScript string
)

// Stage implements hosting.Platforms on this machine.
func (b *Backend) Stage(ctx context.Context, p fleet.PlatformName, fence int64) (string, error) {
	return b.Records.Stage(ctx, p, fence)
}

// Tree gives the tree of a platform on this machine: the one that we built, or a
// copy of the code of one that Aegir had before.
func (b *Backend) Tree(ctx context.Context, p fleet.PlatformName) (string, error) {
	dir, err := b.Records.Tree(ctx, p)
	if fleet.CodeOf(err) != fleet.NotFound {
		return dir, err
	}
	found, there := b.platform(ctx, p)
	if there != nil {
		return "", there
	}
	if b.built(found) {
		return "", err // it is being built: its tree comes with its publication
	}
	b.copying.Lock()
	defer b.copying.Unlock()
	if dir, err = b.Records.Tree(ctx, p); fleet.CodeOf(err) != fleet.NotFound {
		return dir, err
	}
	return b.fetchTree(ctx, p, found)
}

// fetchTree copies the code of a platform of Aegir here, without its sites: their
// files are not code, and may be anything.
func (b *Backend) fetchTree(ctx context.Context, p fleet.PlatformName, found Platform) (string, error) {
	stage, err := b.Records.Stage(ctx, p, 1)
	if err != nil {
		return "", err
	}
	if err := os.Mkdir(stage, 0o755); err != nil {
		return "", hosting.Explain("copy the platform's code", err)
	}
	r, w := io.Pipe()
	sent := make(chan error, 1)
	go func() {
		_, err := b.Tasks.do(ctx, call{argv: withArgs(fetchScript, found.Root), out: w, most: maxTree, limit: placing})
		w.CloseWithError(err)
		sent <- err
	}()
	_, err = run.Run(ctx, run.Command{Program: "tar", Args: []string{"-C", stage, "--no-same-owner", "-xf", "-"}, Env: run.Environ(), Stdin: r})
	r.CloseWithError(io.ErrClosedPipe)
	if bad := <-sent; bad != nil {
		return "", told(bad)
	}
	if err != nil {
		return "", fmt.Errorf("copy the code of platform %s: %w", p, err)
	}
	return b.Records.Publish(ctx, p, stage)
}

// maxTree bounds the code of a platform that is copied, in bytes.
const maxTree = 8 << 30

// Reread implements hosting.Inventoried.
func (b *Backend) Reread(ctx context.Context, p fleet.PlatformName) error {
	found, err := b.platform(ctx, p)
	if err != nil || b.built(found) {
		return err
	}
	b.copying.Lock()
	defer b.copying.Unlock()
	return b.Records.Discard(ctx, p)
}

// Restage implements hosting.Takeover.
func (b *Backend) Restage(ctx context.Context, from, to string) error {
	return b.Records.Restage(ctx, from, to)
}

// Room gives the bytes free where there are fewer: here or where Aegir's
// platforms are.
func (b *Backend) Room(ctx context.Context) (int64, error) {
	here, err := b.Records.Room(ctx)
	if err != nil {
		return 0, err
	}
	out, err := b.Tasks.shell(ctx, `df -Pk "$1" | tail -n 1 | awk '{print $4}'`, b.Tasks.Home)
	if err != nil {
		return 0, told(err)
	}
	there, err := strconv.ParseInt(strings.TrimSpace(out), 10, 64)
	return min(here, there<<10), err
}

// contextOf is the name under which a platform of ours is registered; drush takes
// no dots and dashes there as they are.
func contextOf(p fleet.PlatformName) string {
	return "platform_" + regexp.MustCompile(`[^A-Za-z0-9]`).ReplaceAllString(string(p), "_")
}

// Publish places the tree on the machine of Aegir, registers it, and has it
// verified; only then it counts as there. Whatever of that fails or is cut off is
// done again by the next attempt, which finds the stage.
func (b *Backend) Publish(ctx context.Context, p fleet.PlatformName, stage string) (string, error) {
	dir, err := b.Records.Tree(ctx, p)
	if fleet.CodeOf(err) == fleet.NotFound {
		dir = stage
	} else if _, there := b.platform(ctx, p); fleet.CodeOf(there) != fleet.NotFound {
		return b.Records.Publish(ctx, p, stage) // says that it is there already
	} // else somebody has deleted it in Aegir, and it is brought back
	root, err := b.placeTree(ctx, p, dir)
	if err != nil {
		return "", err
	}
	if err := keepJSON(b.builtFile(p), root); err != nil {
		return "", hosting.Explain("note the platform", err)
	}
	if err := b.register(ctx, p, root); err != nil {
		return "", err
	}
	if err := b.firstVerify(ctx, p); err != nil {
		return "", err
	}
	return b.Records.Publish(ctx, p, stage)
}

// firstVerify has Aegir build a platform, which its verify is.
func (b *Backend) firstVerify(ctx context.Context, p fleet.PlatformName) error {
	found, err := b.platform(ctx, p)
	if err != nil {
		return err
	}
	if err := b.verify(ctx, found.NID, found.Context, nil); err != nil {
		return err
	}
	if found, err = b.platform(ctx, p); err != nil {
		return err
	}
	if found.Verified.IsZero() || found.Status == Queued {
		return fleet.Errorf(fleet.Failed, "Aegir verified the platform %s, but does not list it as verified.", p)
	}
	return nil
}

// placeTree copies a tree to the machine of Aegir, whole or not at all, and
// gives its docroot there.
func (b *Backend) placeTree(ctx context.Context, p fleet.PlatformName, dir string) (string, error) {
	to := path.Join(b.ours(), string(p))
	spec, err := hosting.ReadSpec(dir)
	if err != nil {
		return "", err
	}
	docroot := spec.Docroot
	if b.Docroot != nil {
		docroot = b.Docroot(hosting.Tree{Dir: dir, Spec: spec})
	}
	r, w := io.Pipe()
	packed := make(chan error, 1)
	go func() {
		_, err := run.Run(ctx, run.Command{Program: "tar", Args: []string{"-C", dir, "-cf", "-", "."}, Env: run.Environ(), Stdout: w})
		w.CloseWithError(err)
		packed <- err
	}()
	_, err = b.Tasks.do(ctx, call{argv: withArgs(placeScript, to), stdin: r, limit: placing})
	r.CloseWithError(io.ErrClosedPipe)
	if bad := <-packed; err == nil && bad != nil {
		err = bad
	}
	return path.Join(to, filepath.ToSlash(docroot)), told(err)
}

// register makes Aegir know a platform, unless it does.
func (b *Backend) register(ctx context.Context, p fleet.PlatformName, root string) error {
	name := contextOf(p)
	all, err := Platforms(ctx, b.Tasks)
	if err != nil {
		return err
	}
	for _, have := range all {
		switch {
		case have.Context != name:
		case path.Clean(have.Root) == root:
			return nil
		default:
			return fleet.Errorf(fleet.Exists, "Aegir has another platform that is called %s, at %s.", name, fleet.Clean(have.Root, 120))
		}
	}
	server := orDefault(b.New.Server, master)
	if _, err := b.Tasks.drush(ctx, "provision-save", "@"+name, "--context_type=platform", "--root="+root, "--server="+server, "--web_server="+server, "-y"); err != nil {
		return err
	}
	_, err = b.Tasks.drush(ctx, b.Tasks.hostmaster("hosting-import", "@"+name)...)
	return err
}

// Discard has Aegir delete a platform of ours, which refuses while sites are on
// it, and deletes its tree on both machines. Platforms that were there before
// distrobot are nobody's to delete here.
func (b *Backend) Discard(ctx context.Context, p fleet.PlatformName) error {
	if _, err := b.Records.Tree(ctx, p); fleet.CodeOf(err) == fleet.Invalid {
		return err // no name of a platform, and no path either
	}
	at := path.Join(b.ours(), string(p))
	found, err := b.platform(ctx, p)
	switch {
	case fleet.CodeOf(err) == fleet.NotFound:
	case err != nil:
		return err
	case !b.built(found):
		return b.Records.Discard(ctx, p)
	default:
		w := Work{Op: once("delete"), Of: found.NID, Type: "delete"}
		if err := b.task(ctx, w, "@"+found.Context); err != nil {
			return err
		}
	}
	if _, err := b.Tasks.shell(ctx, `[ ! -d "$1" ] || { chmod -R u+w "$1" && rm -rf "$1"; }`, at); err != nil {
		return told(err)
	}
	if err := forget(b.builtFile(p)); err != nil {
		return err
	}
	return b.Records.Discard(ctx, p)
}
