package fleet

import (
	"context"
	"path"
	"regexp"
	"strings"
)

// SourceDirectory is the source of a platform that is a directory on a host
// already. Its content is copied once, so that what changes there later does
// not change the platform.
const SourceDirectory = "directory"

// A TreeOrder asks for a platform from a directory that is on a host already.
type TreeOrder struct {
	Name         PlatformName
	Host         HostName // empty: the default host
	Path         string   // absolute, on that host
	Kind         KindName // empty: the distribution's, or generic
	Distribution DistName // empty: a platform on its own
	By           Actor
	Channel      string
	Quiet        bool
}

var platformName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._+-]{0,119}$`)

// CheckPlatformName refuses names that cannot be a directory's.
func CheckPlatformName(p PlatformName) error {
	if !platformName.MatchString(string(p)) {
		return Errorf(Invalid, "%q cannot be the name of a platform.", Clean(string(p), 60)).
			WithHint("Use letters, digits, dots, dashes, plus signs and underscores, beginning with a letter or digit.")
	}
	return nil
}

// check refuses what no host could take.
func (o *TreeOrder) check(fallback HostName) error {
	if err := CheckPlatformName(o.Name); err != nil {
		return err
	}
	if !path.IsAbs(o.Path) || path.Clean(o.Path) != o.Path || o.Path == "/" || strings.ContainsAny(o.Path, "\x00\n") {
		return Errorf(Invalid, "%q is not the absolute path of a directory.", Clean(o.Path, 120))
	}
	if o.Host == "" {
		o.Host = fallback
	}
	if o.Host == "" {
		o.Host = LocalHost
	}
	return nil
}

// Take makes a platform from a directory that is on a host already, on its own
// or in a distribution. Taking the same again changes nothing; Exists when
// there is another platform of this name.
func (b *Builder) Take(ctx context.Context, o TreeOrder) (Platform, error) {
	if err := o.check(b.Default); err != nil {
		return Platform{}, err
	}
	ids := []TaskID{TaskID(idOr(b.ID))}
	var out Platform
	err := b.Store.Update(ctx, Catalogue, func(tx Tx) error {
		out = Platform{Name: o.Name}
		found, err := tx.Get(&out)
		if err != nil {
			return err
		}
		if found && out.State != PlatformFailed {
			if out.Source.Type == SourceDirectory && out.Source.Path == o.Path || out.Paths[o.Host] == o.Path {
				return nil
			}
			return Errorf(Exists, "There is a platform %s already.", o.Name)
		}
		out = Platform{Name: o.Name, Kind: o.Kind, Source: Source{Type: SourceDirectory, Path: o.Path},
			State: PlatformQueued, Hosts: []HostName{o.Host}, Created: tx.Now(), By: o.By, Task: ids[0]}
		if err := join(tx, &out, o.Distribution); err != nil {
			return err
		}
		if out.Kind == "" {
			out.Kind = "generic"
		}
		tx.Put(&out)
		return ordered(tx, out, BuildOrder{Distribution: o.Distribution, By: o.By, Channel: o.Channel, Hosts: out.Hosts, Quiet: o.Quiet}, ids)
	})
	return out, err
}

// join puts a new platform into a distribution, locked while that has a target.
func join(tx Tx, p *Platform, dist DistName) error {
	if dist == "" {
		return nil
	}
	d, err := mustDist(tx, dist)
	if err != nil {
		return err
	}
	if p.Kind != "" && p.Kind != d.Kind {
		return Errorf(Invalid, "Platform %s is of kind %s, and %s is of kind %s.", p.Name, p.Kind, d.Name, d.Kind)
	}
	p.Distribution, p.Kind, p.Locked = d.Name, d.Kind, d.Target != ""
	d.Builds++
	tx.Put(&d)
	return nil
}
