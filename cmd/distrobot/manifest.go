package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/distrobot/distrobot/fleet"
)

// A manifest is the fleet as YAML: what apply reads and export writes. Absent
// is not deleted.
type manifest struct {
	Version       int                             `yaml:"version"`
	Distributions map[string]manifestDistribution `yaml:"distributions,omitempty"`
	Platforms     map[string]manifestPlatform     `yaml:"platforms,omitempty"`
	Sites         map[string]manifestSite         `yaml:"sites,omitempty"`
	Policies      map[string]manifestAccess       `yaml:"policies,omitempty"` // by distribution; "*" is the default of all
}

// A manifestDistribution is one distribution; empty fields have the defaults
// of the add command.
type manifestDistribution struct {
	Kind     string         `yaml:"kind,omitempty"`
	URL      string         `yaml:"url,omitempty"`
	Source   string         `yaml:"source,omitempty"` // git, makefile:PATH or composer[:DIR]
	Branch   string         `yaml:"branch,omitempty"`
	Tags     string         `yaml:"tags,omitempty"`
	Versions string         `yaml:"versions,omitempty"`
	Target   string         `yaml:"target,omitempty"` // a platform's name
	Channel  string         `yaml:"channel,omitempty"`
	Adopts   string         `yaml:"adopts,omitempty"` // names of platforms that join when they are found: "drupal-*"
	Policy   manifestPolicy `yaml:"policy,omitempty"`
}

// A manifestPolicy is what people decided beforehand.
type manifestPolicy struct {
	Build        string `yaml:"build,omitempty"`
	Target       string `yaml:"target,omitempty"`
	Approval     string `yaml:"approval,omitempty"`
	Free         string `yaml:"free,omitempty"`
	SelfApproval bool   `yaml:"self_approval,omitempty"`
	Failures     int    `yaml:"failures,omitempty"`
	FailShare    int    `yaml:"failures_percent,omitempty"`
	Waves        string `yaml:"waves,omitempty"`  // "1, 10%, 50%, rest"
	Canary       string `yaml:"canary,omitempty"` // a site, or tag:NAME
	AtOnce       int    `yaml:"at_once,omitempty"`
	PerHost      int    `yaml:"per_host,omitempty"`
	Window       string `yaml:"window,omitempty"` // "Mon-Fri 22:00-05:00 Europe/Zurich"
	Hurry        bool   `yaml:"hurry_security,omitempty"`
	OnPage       bool   `yaml:"confirm_on_page,omitempty"`
	Rehearse     bool   `yaml:"rehearse,omitempty"`
	Look         string `yaml:"look,omitempty"` // "ask" or "skip" where pages cannot be looked at
	BackupHours  int    `yaml:"backup_hours,omitempty"`
	Backups      int    `yaml:"backups,omitempty"`
	ExpiryHours  int    `yaml:"expiry_hours,omitempty"`
	KeepHours    int    `yaml:"keep_hours,omitempty"`
	WaitHours    int    `yaml:"wait_hours,omitempty"`
	Platforms    int    `yaml:"platforms,omitempty"` // kept without sites
	Retire       string `yaml:"retire,omitempty"`
	QuietHours   string `yaml:"quiet_hours,omitempty"` // "22:00-07:00 Europe/Berlin"
	Ignore       string `yaml:"ignore,omitempty"`      // versions never offered, separated by spaces
}

type manifestPlatform struct {
	Host         string `yaml:"host"`
	Path         string `yaml:"path"`
	Distribution string `yaml:"distribution,omitempty"`
}

type manifestSite struct {
	Platform string   `yaml:"platform"`
	Path     string   `yaml:"path,omitempty"`
	Tags     []string `yaml:"tags,omitempty"`
	Priority int64    `yaml:"priority,omitempty"`
	Window   string   `yaml:"window,omitempty"`
	Zone     string   `yaml:"zone,omitempty"`
}

// maxManifest bounds the file: a hundred thousand sites take about 8 MiB.
const maxManifest = 32 << 20

// parseManifest reads a manifest strictly: an unknown key is an error that
// names its line. All that is wrong with the content is told at once.
func parseManifest(raw []byte) (manifest, error) {
	var m manifest
	if len(raw) > maxManifest {
		return m, fleet.Errorf(fleet.Invalid, "The file is larger than %d bytes.", maxManifest)
	}
	if err := yaml.UnmarshalWithOptions(raw, &m, yaml.Strict()); err != nil {
		return m, fleet.Errorf(fleet.Invalid, "The file cannot be read: %s", strings.TrimSpace(yaml.FormatError(err, false, false)))
	}
	if m.Version != 1 {
		return m, fleet.Errorf(fleet.Invalid, "The file has version %d; this program reads version 1.", m.Version)
	}
	var wrong []error
	for name, d := range m.Distributions {
		if _, err := d.distribution(name); err != nil {
			wrong = append(wrong, fmt.Errorf("distribution %s: %w", name, err))
		}
	}
	for name, p := range m.Platforms {
		if err := fleet.CheckPlatformName(fleet.PlatformName(name)); err != nil {
			wrong = append(wrong, err)
		}
		if p.Host == "" || p.Path == "" {
			wrong = append(wrong, fmt.Errorf("platform %s needs host and path", name))
		}
	}
	for uri, s := range m.Sites {
		if clean, err := fleet.ParseURI(uri); err != nil || string(clean) != uri {
			wrong = append(wrong, fmt.Errorf("%q is not the address of a site", fleet.Clean(uri, 80)))
		}
		if _, err := fleet.ParseWindow(s.Window, s.Zone); err != nil {
			wrong = append(wrong, fmt.Errorf("site %s: %w", uri, err))
		} else if _, err := fleet.ParseZone(s.Zone); err != nil {
			wrong = append(wrong, fmt.Errorf("site %s: %w", uri, err))
		}
		if s.Platform == "" {
			wrong = append(wrong, fmt.Errorf("site %s needs a platform", uri))
		}
		if s.Path != "" {
			wrong = append(wrong, fmt.Errorf("site %s: path is for sites of other backends; the local one makes its own (leave it out)", uri))
		}
	}
	for name, p := range m.Policies {
		if _, err := p.policy(name); err != nil {
			wrong = append(wrong, fmt.Errorf("policy of %s: %w", name, err))
		}
	}
	return m, joined(wrong)
}

// joined makes one error of code Invalid of everything that is wrong.
func joined(wrong []error) error {
	if len(wrong) == 0 {
		return nil
	}
	lines := make([]string, len(wrong))
	for i, e := range wrong {
		lines[i] = e.Error()
		var f *fleet.Error
		if errors.As(e, &f) {
			lines[i] = strings.TrimSpace(strings.Replace(e.Error(), f.Error(), f.Text+" "+f.Hint, 1))
		}
	}
	slices.Sort(lines)
	return fleet.Errorf(fleet.Invalid, "%s", strings.Join(lines, "\n"))
}

// distribution is the record a manifest asks for, without its target.
func (d manifestDistribution) distribution(name string) (fleet.Distribution, error) {
	typ, path, _ := strings.Cut(d.Source, ":")
	p := d.Policy
	out := fleet.Distribution{
		Name: fleet.DistName(name), Kind: fleet.KindName(or(d.Kind, "generic")), URL: d.URL,
		Source: fleet.Source{Type: or(typ, "git"), Path: path},
		Track:  fleet.Track{Branch: d.Branch, Tags: d.Tags, Versions: d.Versions},
		Hush:   fleet.Hush{Hours: p.QuietHours, Ignored: p.Ignore},
		Adopts: fleet.PlatformPattern(d.Adopts),
		Policy: fleet.Policy{Build: fleet.Auto(p.Build), Target: fleet.Auto(p.Target), Approval: p.Approval, Free: p.Free,
			Self: p.SelfApproval, Channel: d.Channel, Failures: p.Failures, Expiry: p.ExpiryHours, Keep: p.KeepHours, Wait: p.WaitHours, Rehearse: p.Rehearse,
			Backup: p.BackupHours, Backups: p.Backups, Platforms: p.Platforms, Retire: fleet.Auto(p.Retire),
			FailShare: p.FailShare, Waves: p.Waves, Canary: p.Canary, AtOnce: p.AtOnce, PerHost: p.PerHost, Window: p.Window, Hurry: p.Hurry, OnPage: p.OnPage,
			Look: fleet.Looking(p.Look)},
	}
	return out, fleet.CheckDistribution(out)
}

func or(v, otherwise string) string {
	if v == "" {
		return otherwise
	}
	return v
}

// described is the reverse of distribution.
func described(d fleet.Distribution) manifestDistribution {
	source := or(d.Source.Type, "git")
	if d.Source.Path != "" {
		source += ":" + d.Source.Path
	}
	if source == "git" {
		source = ""
	}
	p := d.Policy
	return manifestDistribution{Kind: string(d.Kind), URL: d.URL, Source: source, Branch: d.Track.Branch, Tags: d.Track.Tags, Versions: d.Track.Versions,
		Target: string(d.Target), Channel: p.Channel, Adopts: string(d.Adopts),
		Policy: manifestPolicy{Build: string(p.Build), Target: string(p.Target), Approval: p.Approval, Free: p.Free,
			SelfApproval: p.Self, Failures: p.Failures, ExpiryHours: p.Expiry, KeepHours: p.Keep, WaitHours: p.Wait, Rehearse: p.Rehearse,
			BackupHours: p.Backup, Backups: p.Backups, Platforms: p.Platforms, Retire: string(p.Retire),
			FailShare: p.FailShare, Waves: p.Waves, Canary: p.Canary, AtOnce: p.AtOnce, PerHost: p.PerHost, Window: p.Window, Hurry: p.Hurry, OnPage: p.OnPage,
			Look: string(p.Look), QuietHours: d.Hush.Hours, Ignore: d.Hush.Ignored}}
}
