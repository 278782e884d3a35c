package fleet

import (
	"context"
	"maps"
	"slices"
	"strings"
)

// A FoundTree is a platform that a host has although the store does not know
// it: after the store was lost, the hosts still serve.
type FoundTree struct {
	BuildResult
	Commit       string   // as the sites' records say; "" unknown
	Distribution DistName // as the sites' records say
	By           Actor
}

// Found records such a platform as ready. It joins its distribution if that is
// known again, and is otherwise a platform on its own, to be assigned. One that
// another host has brought back is on this host as well then, if its tree is the
// same (FoundOn); else Refused. One that is not ready stays as it is.
func (b *Builder) Found(ctx context.Context, f FoundTree) (Platform, error) {
	if err := CheckPlatformName(f.Platform); err != nil {
		return Platform{}, err
	}
	var out Platform
	err := b.Store.Update(ctx, Catalogue, func(tx Tx) error {
		out = Platform{Name: f.Platform}
		if found, err := tx.Get(&out); err != nil || found {
			return foundOn(tx, &out, f, err)
		}
		out = Platform{
			Name: f.Platform, Kind: f.Kind, State: PlatformReady, Hosts: []HostName{f.Host},
			Paths: map[HostName]string{f.Host: f.Path}, TreeDigest: f.TreeDigest, LockDigest: f.LockDigest,
			Ref:     Ref{Commit: f.Commit, Hash: f.Commit, Version: versionInName(f.Platform, f.Distribution)},
			Created: tx.Now(), Ready: tx.Now(), By: f.By,
		}
		d := Distribution{Name: f.Distribution}
		known, err := tx.Get(&d)
		if err != nil {
			return err
		}
		if known && d.Kind == f.Kind {
			if err := join(tx, &out, d.Name); err != nil {
				return err
			}
		}
		if err := putFacts(tx, f.BuildResult); err != nil {
			return err
		}
		tx.Put(&out)
		tx.Emit(audited(tx, f.By, "platform.found", string(f.Platform), "host", string(f.Host)))
		return nil
	})
	return out, err
}

// foundOn puts a recorded platform that one host more was found to have.
func foundOn(tx Tx, p *Platform, f FoundTree, err error) error {
	if err != nil || p.State != PlatformReady || p.Paths[f.Host] != "" {
		return err
	}
	if *p, err = FoundOn(*p, f.BuildResult); err != nil {
		return err
	}
	tx.Put(p)
	tx.Emit(audited(tx, f.By, "platform.found", string(p.Name), "host", string(f.Host)))
	return nil
}

// FoundOn is the rule for a ready platform that is found on another host: it is
// the same if the trees are. Otherwise a plan that was shown for one would be
// carried out with the other, so it is Refused, for a person to settle.
func FoundOn(p Platform, r BuildResult) (Platform, error) {
	if p.TreeDigest != r.TreeDigest {
		return p, Errorf(Refused, "What host %s has as platform %s is not what other hosts have: the files differ.", r.Host, p.Name).
			WithHint("Find out which tree was changed by hand: %s show %s", Slash, p.Name)
	}
	p.Paths, p.Missing = maps.Clone(p.Paths), maps.Clone(p.Missing)
	delete(p.Missing, r.Host)
	if p.Paths == nil {
		p.Paths = map[HostName]string{}
	}
	p.Paths[r.Host] = r.Path
	if !slices.Contains(p.Hosts, r.Host) {
		p.Hosts = append(slices.Clone(p.Hosts), r.Host)
	}
	return p, nil
}

// versionInName takes a version out of a name that NameFor has made.
func versionInName(p PlatformName, d DistName) string {
	v, ok := strings.CutPrefix(string(p), string(d)+"-")
	if !ok || d == "" {
		return ""
	}
	return v
}
