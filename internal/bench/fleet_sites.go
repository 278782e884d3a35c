package bench

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/distrobot/distrobot/cmd/distrobot/sample"
	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
	"github.com/distrobot/distrobot/hosting/kind"
	"github.com/distrobot/distrobot/hosting/local"
	"github.com/distrobot/distrobot/internal/run"
)

// The platforms: sites go from the first release straight to the last one, which
// breaks those with an entry that nobody signed.
const (
	fleetFrom = fleet.PlatformName("atrium-1.0.0")
	fleetTo   = fleet.PlatformName("atrium-1.3.0")
)

// fleetURI names a site: plans take them in this order.
func fleetURI(i int) fleet.URI { return fleet.URI(fmt.Sprintf("site%04d.example.org", i)) }

// faulty sites are spread evenly, the first one in the second wave.
func (f fleetRun) faulty(i int) bool { return i%f.every == 2 }

func (f fleetRun) faults() (n int) {
	for i := range f.sites {
		if f.faulty(i) {
			n++
		}
	}
	return n
}

// prepare builds both platforms on every host, lays the sites out there as if
// they had been live for long, and lets the workers adopt them.
func (w *fleetWorld) prepare(ctx context.Context) error {
	d := fleet.Distribution{Name: sample.Distribution, Kind: "generic", URL: w.forge.URL + "/" + sample.Repository, Source: fleet.Source{Type: "git"}}
	catalog, builder := fleet.Catalog{Store: w.store}, fleet.Builder{Store: w.store}
	if _, err := catalog.Add(ctx, d, hostedAdmin); err != nil {
		return err
	}
	hosts := make([]fleet.HostName, fleetWorkers)
	for i := range hosts {
		hosts[i] = fleetHost(i)
	}
	for _, tag := range []string{"1.0.0", "1.3.0"} {
		ref, err := w.ref(ctx, tag)
		if err != nil {
			return err
		}
		p, err := builder.Build(ctx, fleet.BuildOrder{Distribution: d.Name, Ref: ref, By: hostedAdmin, Hosts: hosts, Quiet: true})
		if err != nil {
			return err
		}
		if err := w.awaitPlatform(ctx, p.Name); err != nil {
			return err
		}
	}
	began := time.Now()
	if err := w.layOut(ctx); err != nil {
		return err
	}
	return w.adopt(ctx, hosts, began)
}

// ref is what a tag of the sample points to.
func (w *fleetWorld) ref(ctx context.Context, tag string) (fleet.Ref, error) {
	name := "refs/tags/" + tag
	res, err := run.Run(ctx, run.Command{Program: "git", Args: []string{"rev-parse", name, name + "^{commit}"},
		Dir: filepath.Join(w.dir, "forge", sample.Repository), Env: run.Environ("GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null")})
	hashes := strings.Fields(res.Stdout)
	if err != nil || len(hashes) != 2 {
		return fleet.Ref{}, fmt.Errorf("resolve %s: %q: %w", tag, res.Stdout, err)
	}
	return fleet.Ref{Name: name, Hash: hashes[0], Commit: hashes[1], Version: tag}, nil
}

// layOut makes the first generation of every site in its host's data, with the
// backend that serves it.
func (w *fleetWorld) layOut(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(8)
	for i := range w.f.sites {
		g.Go(func() error { return w.layOne(ctx, i) })
	}
	if err := g.Wait(); err != nil || os.Geteuid() != 0 {
		return err
	}
	for i, p := range w.workers {
		if err := give(filepath.Join(p.data, "sites"), fleetUsers+i); err != nil {
			return err
		}
	}
	return nil
}

func (w *fleetWorld) layOne(ctx context.Context, i int) error {
	host := i % fleetWorkers
	b := &local.Backend{Data: w.workers[host].data, Host: fleetHost(host)}
	if w.f.faulty(i) {
		b.Seed = func(_ context.Context, _ fleet.URI, dir string) error {
			return os.WriteFile(filepath.Join(dir, "data", "guestbook.tsv"), []byte("\tFrom the old book, without a name.\n"), 0o640)
		}
	}
	dir, err := b.Tree(ctx, fleetFrom)
	if err != nil {
		return err
	}
	spec, err := hosting.ReadSpec(dir)
	if err != nil {
		return err
	}
	all := kind.All()
	k, tree := all[len(all)-1], hosting.Tree{Dir: dir, Spec: spec} // the last one is generic
	c := hosting.Copy{URI: fleetURI(i), ID: fmt.Sprintf("%026d", i), Kind: k.Name(), Distribution: sample.Distribution, Platform: fleetFrom,
		Tree: tree, App: k.App(tree), Generation: 1, Fence: 1, Task: "prepared"}
	for _, do := range []func(context.Context, hosting.Copy) error{b.Lay, fill(b), b.Switch} {
		if err := do(ctx, c); err != nil {
			return fmt.Errorf("lay out %s: %w", c.URI, err)
		}
	}
	return nil
}

func fill(b *local.Backend) func(context.Context, hosting.Copy) error {
	return func(ctx context.Context, c hosting.Copy) error { _, err := b.Fill(ctx, c); return err }
}

// give makes a user the owner of everything below dir.
func give(dir string, uid int) error {
	return filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, uid, uid)
	})
}

// adopt has each host read its own sites, as after a loss of Redis.
func (w *fleetWorld) adopt(ctx context.Context, hosts []fleet.HostName, began time.Time) error {
	laid := time.Since(began)
	tasks := fleet.Tasks{Store: w.store}
	for _, h := range hosts {
		t := fleet.Task{ID: fleet.TaskID(fleet.NewID()), Kind: fleet.TaskAdopt, Host: h, By: hostedAdmin}
		if err := tasks.Order(ctx, t); err != nil {
			return err
		}
		if err := w.awaitRow(ctx, &t, func() (bool, string) {
			return t.State == fleet.TaskDone, fmt.Sprintf("the adoption on %s is %s: %s", h, t.State, t.Reason)
		}); err != nil {
			return err
		}
	}
	n, err := w.store.Count(ctx, fleet.SitesOf(fleetFrom))
	if err == nil && n[0] != w.f.sites {
		err = fmt.Errorf("%d sites were adopted of %d, which were laid out in %v", n[0], w.f.sites, laid)
	}
	return err
}
