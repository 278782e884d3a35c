package hosting

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/internal/job"
)

// takeover takes sites over that somebody else installed on this host, found by
// a path or a pattern of paths. Their code is copied once, into a platform of
// its own; their database and uploads stay where they are and go on being used.
// Without ParamYes it only says what it would do.
func (w *Worker) takeover() job.Recipe {
	return job.Recipe{Steps: []job.Step{
		{Name: "takeover", Title: "look at the sites", Do: w.takeOver, Repeatable: true, Limit: 2 * time.Hour},
	}}
}

// maxTakeover bounds the directories of one wish.
const maxTakeover = 200

func (w *Worker) takeOver(ctx context.Context, s *job.Scope) error {
	dirs, err := filepath.Glob(s.Param(fleet.ParamPath))
	if err != nil || len(dirs) == 0 {
		return job.Stop("There is nothing at %s on host %s.", fleet.Clean(s.Param(fleet.ParamPath), 120), w.Host)
	}
	if len(dirs) > maxTakeover {
		return job.Stop("%s are %d directories; at most %d are taken at once.", fleet.Clean(s.Param(fleet.ParamPath), 120), len(dirs), maxTakeover)
	}
	slices.Sort(dirs)
	var good []string
	var last error
	for _, dir := range dirs {
		said, err := w.takePlace(ctx, s, dir, len(dirs) == 1)
		if fleet.CodeOf(err) == fleet.Later || err != nil && fleet.CodeOf(err) == "" {
			return err
		}
		if err != nil {
			s.Log("%s: %s", dir, Sentence(err))
			last = err
			continue
		}
		s.Log("%s: %s", dir, said)
		good = append(good, said)
	}
	if len(good) == 0 {
		return job.Stop("%s", Sentence(last))
	}
	s.Keep(fleet.ResultSaid, summary(good, len(dirs), s.Param(fleet.ParamYes) != ""))
	return nil
}

func summary(good []string, n int, done bool) string {
	if n == 1 {
		return good[0]
	}
	verb := "can be taken over"
	if done {
		verb = "were taken over"
	}
	return fmt.Sprintf("%d of %s %s; the log has them one by one.", len(good), fleet.Plural(n, "site", "sites"), verb)
}

// A found site is what is known of a directory before anything is done.
type foundSite struct {
	dir  string
	tree Tree
	kind Kind
	app  App
	is   Existing
	uri  fleet.URI
	core string
}

// takePlace looks at one directory and, if that is wanted, takes its site over.
func (w *Worker) takePlace(ctx context.Context, s *job.Scope, dir string, only bool) (string, error) {
	named := fleet.URI("")
	if only {
		named = fleet.URI(s.Task.About)
	}
	f, err := w.lookAt(ctx, dir, named)
	if err != nil {
		return "", err
	}
	if f.uri == "" {
		return "", fleet.Errorf(fleet.Refused, "The settings in %s do not say the site's address.", dir).
			WithHint("Name it: %s site adopt ADDRESS --path %s", fleet.Slash, dir)
	}
	if r, err := w.Backend.Live(ctx, f.uri); err == nil {
		if r.Task == s.Task.ID {
			return f.taken(), w.adoptSite(ctx, s, r)
		}
		return "", fleet.Errorf(fleet.Exists, "Site %s is on host %s already.", f.uri, w.Host)
	}
	if s.Param(fleet.ParamYes) == "" {
		return f.offer(), nil
	}
	return f.taken(), w.inherit(ctx, s, f)
}

// lookAt reads a directory as a site; nothing of it is run.
func (w *Worker) lookAt(ctx context.Context, dir string, named fleet.URI) (foundSite, error) {
	f := foundSite{dir: dir, uri: named}
	spec, err := ReadSpec(dir)
	if err != nil {
		return f, Explain("read "+dir, err)
	}
	f.tree = Tree{Dir: dir, Spec: spec}
	f.kind = w.kindFound(fleet.Platform{Kind: fleet.AutoKind}, f.tree)
	f.app = f.kind.App(f.tree)
	if f.app.Found == nil {
		return f, fleet.Errorf(fleet.Refused, "%s holds no WordPress, Drupal or Backdrop.", dir).
			WithHint("Other applications become platforms with a %s.", SpecFile)
	}
	if f.is, err = f.app.Found(f.uri); err != nil {
		return f, err
	}
	if len(f.is.Files) == 0 {
		f.is.Files = settingsOf(f.app)
	}
	f.core = w.coreOf(ctx, f.kind, f.tree)
	if _, rest, ok := strings.Cut(f.is.URL, "://"); ok && f.uri == "" {
		if uri, err := fleet.ParseURI(rest); err == nil {
			f.uri = uri
		}
	}
	return f, w.Backend.Able(f.app)
}

// settingsOf names the files that an application's settings are in.
func settingsOf(a App) []string {
	if a.Settings == nil {
		return nil
	}
	files, err := a.Settings(Place{Copy: Copy{App: a}, Database: &Access{}, Secret: func(string) (string, error) { return "", nil }})
	if err != nil {
		return nil
	}
	var out []string
	for _, f := range files {
		out = append(out, f.Path)
	}
	return out
}

func (f foundSite) offer() string {
	return fmt.Sprintf("%s, a site of %s with the database %s, can be taken over: its code is copied, its database and its uploads stay where they are. Take its old virtual host away afterwards.",
		f.uri, f.core, f.is.Database.Name)
}

func (f foundSite) taken() string {
	return fmt.Sprintf("%s, a site of %s with the database %s, was taken over. Take its old virtual host away now.", f.uri, f.core, f.is.Database.Name)
}

// inherit makes the platform of a found site and its first generation, checks
// it unseen, and lets visitors in.
func (w *Worker) inherit(ctx context.Context, s *job.Scope, f foundSite) (err error) {
	p, err := w.copyCode(ctx, s, f)
	if err != nil {
		return err
	}
	t, err := w.tree(ctx, p.Name)
	if err != nil {
		return err
	}
	c := Copy{
		URI: f.uri, ID: fleet.NewID(), Kind: f.kind.Name(), Distribution: p.Distribution, Platform: p.Name, Tree: t, App: f.kind.App(t),
		Generation: 1, Fence: 1, Task: s.Task.ID,
		Has: &Database{Engine: f.is.Database.Engine, Name: f.is.Database.Name, User: f.is.Database.User},
	}
	if err := w.makeWay(ctx, f.uri); err != nil {
		return err
	}
	if err := w.Backend.Inherit(ctx, c, Inheritance{Dir: f.dir, Existing: f.is}); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			if undo := w.Backend.Remove(context.WithoutCancel(ctx), c); undo != nil {
				s.Log("What was begun for %s could not be taken away: %v", f.uri, undo)
			}
		}
	}()
	if err := w.Backend.Lay(ctx, c); err != nil {
		return err
	}
	if _, err := w.Backend.Fill(ctx, c); err != nil {
		return err
	}
	err = until(ctx, orDefault(w.Retry, defaultRetry), func() error {
		a, err := w.Backend.Check(ctx, c, c.App.Check.Path)
		if err != nil {
			return err
		}
		return c.App.Check.Meets(a)
	})
	if err != nil {
		return err
	}
	if err := w.Backend.Switch(ctx, c); err != nil {
		return err
	}
	r, err := w.Backend.Live(ctx, c.URI)
	if err != nil {
		return err
	}
	return w.adoptSite(ctx, s, r)
}

// copyCode makes a platform of the code of a found site, without its settings
// and uploads. Sites with the same code share it: it is named by its content.
func (w *Worker) copyCode(ctx context.Context, s *job.Scope, f foundSite) (fleet.Platform, error) {
	i := slices.IndexFunc(w.Sources, func(x Source) bool { return x.Type() == fleet.SourceDirectory })
	copier, ok := Source(nil), false
	if i >= 0 {
		copier, ok = w.Sources[i], true
	}
	without, able := copier.(interface {
		FetchWithout(ctx context.Context, from, dir string, skip []string) error
	})
	if !ok || !able {
		return fleet.Platform{}, fleet.Errorf(fleet.Refused, "Host %s cannot copy directories.", w.Host)
	}
	stage, err := w.Backend.Stage(ctx, fleet.PlatformName("takeover-"+string(s.Task.ID)), s.Fence)
	if err != nil {
		return fleet.Platform{}, err
	}
	if err := without.FetchWithout(ctx, f.dir, stage, append(slices.Clone(f.app.Shared), f.is.Files...)); err != nil {
		return fleet.Platform{}, err
	}
	digest, _, err := TreeDigest(stage)
	if err != nil {
		return fleet.Platform{}, Explain("read the copied code", err)
	}
	name := fleet.PlatformName(strings.ReplaceAll(f.core, " ", "-") + "-" + digest[:7])
	return w.publishCode(ctx, s, f, codeTree{name: name, stage: stage})
}

type codeTree struct {
	name  fleet.PlatformName
	stage string
}

func (w *Worker) publishCode(ctx context.Context, s *job.Scope, f foundSite, t codeTree) (fleet.Platform, error) {
	named, err := w.Backend.Stage(ctx, t.name, s.Fence)
	if err == nil {
		err = w.Backend.Restage(ctx, t.stage, named)
	}
	if err == nil {
		_, err = w.Backend.Publish(ctx, t.name, named)
	}
	if err != nil && fleet.CodeOf(err) != fleet.Exists {
		return fleet.Platform{}, err
	}
	if err := w.Backend.Discard(ctx, fleet.PlatformName("takeover-"+string(s.Task.ID))); err != nil {
		return fleet.Platform{}, err
	}
	if err := w.found(ctx, s, Record{Kind: f.kind.Name()}, t.name); err != nil {
		return fleet.Platform{}, err
	}
	p := fleet.Platform{Name: t.name}
	return p, fleet.One(ctx, w.Store, &p, "platform "+string(t.name))
}
