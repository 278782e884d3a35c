package fleet

import (
	"context"
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
// is recorded already stays as it is.
func (b *Builder) Found(ctx context.Context, f FoundTree) (Platform, error) {
	if err := CheckPlatformName(f.Platform); err != nil {
		return Platform{}, err
	}
	var out Platform
	err := b.Store.Update(ctx, Catalogue, func(tx Tx) error {
		out = Platform{Name: f.Platform}
		if found, err := tx.Get(&out); err != nil || found {
			return err
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

// versionInName takes a version out of a name that NameFor has made.
func versionInName(p PlatformName, d DistName) string {
	v, ok := strings.CutPrefix(string(p), string(d)+"-")
	if !ok || d == "" {
		return ""
	}
	return v
}
