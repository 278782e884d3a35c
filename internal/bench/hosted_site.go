package bench

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
	"github.com/distrobot/distrobot/internal/lamp"
	"github.com/distrobot/distrobot/internal/run"
)

// hostedPlatforms are the two newest releases of WordPress that there are.
type hostedPlatforms struct{ old, new fleet.PlatformName }

// publish makes the platforms, whose trees are unpacked from the releases.
func (h *hosted) publish(ctx context.Context) (hostedPlatforms, error) {
	r, err := lamp.WordPress(ctx)
	if err != nil {
		return hostedPlatforms{}, err
	}
	var names [2]fleet.PlatformName
	for i, tag := range r.Tags[len(r.Tags)-2:] {
		names[i] = fleet.PlatformName("wordpress-" + tag)
		stage, err := h.backend.Stage(ctx, names[i], 1)
		if err != nil {
			return hostedPlatforms{}, err
		}
		if err := unpack(ctx, r.Repository, tag, stage); err != nil {
			return hostedPlatforms{}, err
		}
		dir, err := h.backend.Publish(ctx, names[i], stage)
		if err != nil {
			return hostedPlatforms{}, err
		}
		row := &fleet.Platform{Name: names[i], Kind: "wordpress", State: fleet.PlatformReady, Created: time.Now(), Paths: map[fleet.HostName]string{hostedName: dir}}
		if err := h.put(ctx, row, &fleet.Platform{Name: names[i]}); err != nil {
			return hostedPlatforms{}, err
		}
	}
	return hostedPlatforms{names[0], names[1]}, nil
}

// unpack lays a tag out in a directory that does not exist yet.
func unpack(ctx context.Context, repository, tag, dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	line := "git --git-dir " + run.Quote(repository) + " archive " + run.Quote(tag) + " | tar -x -C " + run.Quote(dir)
	_, err := run.Run(ctx, run.Command{Program: "sh", Args: []string{"-c", line}, Env: run.Environ()})
	return err
}

// create installs a site on a platform and writes a hundred posts into it.
func (h *hosted) create(ctx context.Context, uri fleet.URI, on fleet.PlatformName) (database string, err error) {
	sites := fleet.Sites{Store: h.store}
	_, task, err := sites.Create(ctx, fleet.NewSite{URI: uri, Platform: on}, hostedAdmin)
	if err != nil {
		return "", err
	}
	if _, err := h.run(ctx, task); err != nil {
		return "", err
	}
	live, err := h.backend.Live(ctx, uri)
	if err != nil {
		return "", err
	}
	return live.Database.Name, h.db.client(ctx, "USE "+live.Database.Name+`;
INSERT INTO wp_posts (post_author, post_date, post_date_gmt, post_content, post_title, post_excerpt, to_ping, pinged, post_content_filtered, post_name,
 post_modified, post_modified_gmt) SELECT 1, NOW(), NOW(), REPEAT(MD5(seq), 100), MD5(seq), '', '', '', '', MD5(seq), NOW(), NOW() FROM seq_1_to_100;`)
}

// move upgrades a site, or takes it back to the copy that was kept, as a plan
// that was just confirmed does.
func (h *hosted) move(ctx context.Context, kind fleet.TaskKind, uri fleet.URI, to fleet.PlatformName) (moved, error) {
	site := fleet.Site{URI: uri}
	if _, err := h.store.Read(ctx, &site); err != nil {
		return moved{}, err
	}
	t := fleet.Task{Kind: kind, About: string(uri), Params: map[string]string{
		fleet.ParamPlatform: string(to), fleet.ParamFrom: string(site.Platform), fleet.ParamGeneration: strconv.FormatInt(site.Generation, 10),
	}}
	begin := time.Now()
	t, err := h.run(ctx, t)
	m := moved{whole: time.Since(begin), steps: t.Steps}
	if err != nil {
		return m, err
	}
	release, _ := t.Step("release")
	ms, err := strconv.Atoi(release.Result["window_ms"])
	if err != nil {
		return m, fmt.Errorf("the journal of %s says no window: %v", t.Kind, release.Result)
	}
	m.window = time.Duration(ms) * time.Millisecond
	if live, err := h.backend.Live(ctx, uri); err != nil || live.Platform != to {
		return m, fmt.Errorf("after %s the site is on %q, not on %s: %v", t.Kind, live.Platform, to, err)
	}
	return m, h.serves(ctx, uri)
}

// serves wants visitors to get the site.
func (h *hosted) serves(ctx context.Context, uri fleet.URI) error {
	a, err := h.backend.Probe(ctx, uri, "/")
	if err != nil {
		return err
	}
	return (hosting.Check{Path: "/", Status: 200, MinBytes: 256, Marker: "</html>"}).Meets(a)
}

// A moved says how long a task took, and how long visitors waited in it, as its
// journal has it.
type moved struct {
	whole, window time.Duration
	steps         []fleet.StepRecord
}

// parts lists the steps in milliseconds.
func (m moved) parts() string {
	var out string
	for _, s := range m.steps {
		out += fmt.Sprintf(" %s %.0f", s.Name, ms(s.Ended.Sub(s.Started)))
	}
	return out
}
