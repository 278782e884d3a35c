package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/distrobot/distrobot/fleet"
)

// applyCmd brings the fleet to what a file says. It prints what it would do,
// and does it only with --yes.
type applyCmd struct {
	File string `arg:"" help:"The fleet as YAML, as export writes it." type:"existingfile"`
	Yes  bool   `help:"Do it; without it, only what would be done is printed."`
	Data string `help:"Data directory of the running distrobot." env:"DISTROBOT_DATA"`
}

// exportCmd prints the fleet as YAML.
type exportCmd struct {
	Data string `help:"Data directory of the running distrobot." env:"DISTROBOT_DATA"`
}

// Run implements the subcommand.
func (c applyCmd) Run(ctx context.Context) error {
	raw, err := os.ReadFile(c.File)
	if err != nil {
		return err
	}
	return ask(ctx, c.Data, doRequest{Apply: string(raw), Yes: c.Yes})
}

// Run implements the subcommand.
func (c exportCmd) Run(ctx context.Context) error {
	return ask(ctx, c.Data, doRequest{Export: true})
}

// ask sends a request to the running process, or answers it here, and prints
// the answer.
func ask(ctx context.Context, data string, r doRequest) error {
	answer, err := send(ctx, data, r)
	if err != nil {
		return err
	}
	out := os.Stdout
	if !answer.OK {
		out = os.Stderr
	}
	fmt.Fprintln(out, answer.Message.Text)
	switch {
	case answer.OK:
		return nil
	case answer.Code == fleet.Invalid:
		return &exitError{code: exitUsage}
	}
	return &exitError{code: exitFailed}
}

// present reads the fleet as it is.
func (a *app) present(ctx context.Context) (present, error) {
	p := present{map[string]fleet.Distribution{}, map[string]fleet.Platform{}, map[string]fleet.Site{}, map[string]fleet.AccessPolicy{}}
	policies, err := (&fleet.Policies{Store: a.store}).All(ctx)
	if err != nil {
		return p, err
	}
	for _, x := range policies {
		p.policies[x.Of()] = x
	}
	dists, err := a.catalog.Distributions(ctx)
	if err != nil {
		return p, err
	}
	for _, d := range dists {
		p.distributions[string(d.Name)] = d
	}
	plats, err := a.catalog.Platforms(ctx, "")
	if err != nil {
		return p, err
	}
	for _, x := range plats {
		p.platforms[string(x.Name)] = x
	}
	for offset := 0; ; {
		sites, total, err := a.catalog.Sites(ctx, fleet.SiteQuery{Offset: offset, Limit: 1000})
		if err != nil {
			return p, err
		}
		for _, s := range sites {
			p.sites[string(s.URI)] = s
		}
		if offset += len(sites); len(sites) == 0 || offset >= total {
			return p, nil
		}
	}
}

// export writes the fleet as it is; applying it does nothing.
func (a *app) export(ctx context.Context) (string, error) {
	now, err := a.present(ctx)
	if err != nil {
		return "", err
	}
	m := manifest{Version: 1, Distributions: map[string]manifestDistribution{}, Platforms: map[string]manifestPlatform{}, Sites: map[string]manifestSite{}, Policies: map[string]manifestAccess{}}
	for name, p := range now.policies {
		m.Policies[name] = describedPolicy(p)
	}
	for name, d := range now.distributions {
		m.Distributions[name] = described(d)
	}
	for name, p := range now.platforms {
		if hosts := slices.Sorted(maps.Keys(p.Paths)); p.State == fleet.PlatformReady && len(hosts) > 0 {
			m.Platforms[name] = manifestPlatform{Host: string(hosts[0]), Path: p.Paths[hosts[0]], Distribution: string(p.Distribution)}
		}
	}
	for uri, s := range now.sites {
		m.Sites[uri] = manifestSite{Platform: string(s.Platform), Tags: s.Tags, Priority: s.Priority, Window: s.Window, Zone: s.Zone}
	}
	raw, err := yaml.Marshal(m)
	return string(raw), err
}

// apply works out what a manifest asks for and, with yes, does it in order. It
// stops at the first failure: what follows may depend on it.
func (a *app) apply(ctx context.Context, raw string, yes bool, who fleet.Actor) (string, error) {
	m, err := parseManifest([]byte(raw))
	if err != nil {
		return "", err
	}
	now, err := a.present(ctx)
	if err != nil {
		return "", err
	}
	deeds, refusals := difference(m, now)
	text := ""
	for _, r := range refusals {
		text += "left alone: " + r + "\n"
	}
	if len(deeds) == 0 {
		return text + "Nothing to do.", nil
	}
	for i, d := range deeds {
		if yes {
			if err := a.perform(ctx, d, who); err != nil {
				return "", fmt.Errorf("%s%s done; then, to %s: %w", text, fleet.Plural(i, "step", "steps"), d.text, err)
			}
			text += "done: " + d.text + "\n"
			continue
		}
		text += "would " + d.text + "\n"
	}
	if !yes {
		return text + "Nothing was done; add --yes to do it.", nil
	}
	return text + fleet.Plural(len(deeds), "step", "steps") + " done.", nil
}

// perform does one deed.
func (a *app) perform(ctx context.Context, d deed, who fleet.Actor) error {
	var err error
	switch d.kind {
	case "add":
		if d.dist.URL != "" {
			if _, err := a.poller.Resolve(ctx, d.dist, ""); err != nil {
				return err
			}
		}
		_, err = a.catalog.Add(ctx, d.dist, who)
	case "edit":
		_, err = a.catalog.Edit(ctx, d.dist.Name, who, func(have *fleet.Distribution) error {
			have.Kind, have.URL, have.Source, have.Track, have.Policy = d.dist.Kind, d.dist.URL, d.dist.Source, d.dist.Track, d.dist.Policy
			have.Hush.Hours, have.Hush.Ignored = d.dist.Hush.Hours, d.dist.Hush.Ignored
			return nil
		})
	case "take":
		d.tree.By = who
		if _, err = a.builder.Take(ctx, d.tree); err == nil {
			err = a.awaitPlatform(ctx, d.tree.Name)
		}
	case "assign":
		_, err = a.targets.Assign(ctx, fleet.PlatformName(d.name), d.dist.Name, who)
	case "policy":
		s := fleet.Policies{Store: a.store, Links: a.table.Second.Offered()}
		_, err = s.Set(ctx, d.rules.Distribution, who, func(p *fleet.AccessPolicy) error { *p = d.rules; return nil })
	case "adopt":
		_, err = a.targets.Adopt(ctx, fleet.PlatformPattern(d.name), d.dist.Name, who)
	case "target":
		_, err = a.targets.Set(ctx, d.dist.Name, fleet.PlatformName(d.name), who)
	case "site":
		_, _, err = a.sites.Create(ctx, d.site, who)
	case "priority":
		_, err = a.sites.Prioritise(ctx, fleet.URI(d.name), d.care.Priority, who)
	case "window":
		_, err = a.sites.Window(ctx, fleet.URI(d.name), d.care.Window, d.care.Zone, who)
	case "tag":
		_, err = a.sites.Tag(ctx, fleet.URI(d.name), d.add, d.minus, who)
	}
	return err
}

// awaitPlatform waits until a platform's worker has ended with it: targets and
// sites of the same file need it.
func (a *app) awaitPlatform(ctx context.Context, name fleet.PlatformName) error {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		p, err := a.catalog.Platform(ctx, name)
		switch {
		case err != nil:
			return err
		case p.State == fleet.PlatformReady:
			return nil
		case p.State == fleet.PlatformFailed:
			return fleet.Errorf(fleet.Failed, "Platform %s cannot be used: %s", name, p.Reason)
		}
		select {
		case <-ctx.Done():
			return fleet.Errorf(fleet.Later, "Platform %s is still waiting for the worker of its host.", name).
				WithHint("Apply the file again when it is ready; what is done is not done twice.")
		case <-tick.C:
		}
	}
}
