package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/distrobot/distrobot/cmd/distrobot/sample"
	"github.com/distrobot/distrobot/commands"
	"github.com/distrobot/distrobot/fleet"
)

// setUp brings the trial to the point where the first announcement waits: the
// sample is tracked, 1.0.0 is built, three sites run on it, and the poll has
// seen 1.1.0. It uses the services that commands use, nothing else.
func (t *trial) setUp(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	if t.cmd.Repo != "" {
		return t.trackRepository(ctx)
	}
	a, who := t.app, fleet.System("try")
	d, err := a.catalog.Add(ctx, fleet.Distribution{
		Name: sample.Distribution, Kind: "generic", URL: t.url, Source: fleet.Source{Type: "git"},
		Track:  fleet.Track{Tags: sample.Tags},
		Policy: fleet.Policy{Target: fleet.Automatic, Self: true, Failures: -1, Channel: a.cfg.Channel},
	}, who)
	if err != nil {
		return err
	}
	if err := t.firstPlatform(ctx, d, who); err != nil {
		return err
	}
	if err := t.firstSites(ctx, who); err != nil {
		return err
	}
	if _, err := a.digests.Set(ctx, fleet.Digest{Name: "weekdays", Channel: a.cfg.Channel, Spec: "0 9 * * 1-5", Zone: "UTC", By: who}); err != nil {
		return err
	}
	if err := a.poller.Poll(ctx, d.Name); err != nil {
		return err
	}
	return t.await(ctx, "the first announcement", func() (bool, error) {
		post := fleet.Post{Subject: fleet.SubjectOf(fleet.AboutNews, fleet.NewsID(d.Name, 1)), Channel: t.channel(ctx)}
		found, err := a.store.Read(ctx, &post)
		return err == nil && found[0] && post.TS != "", err
	})
}

// firstRelease is what the trial's sites run on in the beginning.
const firstRelease = "1.0.0"

// firstPlatform builds 1.0.0, although 1.1.0 is already tagged.
func (t *trial) firstPlatform(ctx context.Context, d fleet.Distribution, who fleet.Actor) error {
	ref, err := t.app.poller.Resolve(ctx, d, firstRelease)
	if err != nil {
		return err
	}
	if err := t.app.news.Start(ctx, d.Name, ref); err != nil {
		return err
	}
	p, err := t.app.builder.Build(ctx, fleet.BuildOrder{Distribution: d.Name, Ref: ref, By: who, Quiet: true})
	if err != nil {
		return err
	}
	return t.await(ctx, "the first platform", func() (bool, error) {
		p, err := t.app.catalog.Platform(ctx, p.Name)
		if err == nil && p.State == fleet.PlatformFailed {
			err = errors.New("the first platform failed to build: " + p.Reason)
		}
		return p.State == fleet.PlatformReady, err
	})
}

// firstSites creates the sample's sites and waits until they serve.
func (t *trial) firstSites(ctx context.Context, who fleet.Actor) error {
	for _, s := range sample.Starts() {
		n := fleet.NewSite{URI: s.URI, Distribution: sample.Distribution, Tags: s.Tags, Quiet: true}
		if _, _, err := t.app.sites.Create(ctx, n, who); err != nil {
			return err
		}
	}
	return t.await(ctx, "the first sites", func() (bool, error) {
		for _, start := range sample.Starts() {
			s, err := t.app.catalog.Site(ctx, start.URI)
			if err != nil {
				return false, err
			}
			if s.State == fleet.SiteFailed {
				return false, fmt.Errorf("the site %s could not be created", start.URI)
			}
			if s.State != fleet.SiteLive {
				return false, nil
			}
		}
		return true, nil
	})
}

// await looks until done, which may take as long as ctx.
func (t *trial) await(ctx context.Context, what string, done func() (bool, error)) error {
	tick := time.NewTicker(15 * time.Millisecond)
	defer tick.Stop()
	for {
		ok, err := done()
		if ok || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s did not come in time", what)
		case <-tick.C:
		}
	}
}

// channel is the id of the trial's channel.
func (t *trial) channel(ctx context.Context) string {
	id, err := t.app.roles.slack.Resolve(ctx, t.app.cfg.Channel)
	if err != nil {
		return t.app.cfg.Channel
	}
	return id
}

// trackRepository adds the repository of --repo the way a person would.
func (t *trial) trackRepository(ctx context.Context) error {
	u, err := url.Parse(t.cmd.Repo)
	if err != nil {
		return &exitError{code: exitUsage, text: "--repo: " + err.Error()}
	}
	name := strings.TrimSuffix(path.Base(u.Path), ".git")
	who := unixActor(0)
	reply, err := t.app.table.Run(ctx, commands.Ask{ID: t.app.newID(), Who: who, Shell: true,
		Text: fmt.Sprintf("add %q --url %q --tags %q --target auto", name, t.cmd.Repo, t.cmd.Tags)})
	if err != nil {
		return err
	}
	if reply.Code != "" {
		return &exitError{code: exitFailed, text: reply.Message.Text}
	}
	return nil
}
