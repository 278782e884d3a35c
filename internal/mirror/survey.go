package mirror

import (
	"context"
	"maps"
	"slices"
	"strings"
)

// A survey finds out what a layout consists of, without writing any of it.
type survey struct {
	store  *Store
	layout Layout
	used   *usage
	parts  []part // the outermost first
	digest string // of the top
}

// add inspects a part and, after it, the submodules in it.
func (v *survey) add(ctx context.Context, p part) error {
	err := checkCommit(p.commit)
	if err != nil {
		return err
	}
	if p.git, err = v.store.open(ctx, p.repo); err != nil {
		return err
	}
	var digest string
	if p.in, digest, err = v.store.inspect(ctx, p, v.used); err != nil {
		// What is wrong is found out now, not beforehand: it costs a process.
		if _, absent := v.store.open(ctx, p.repo, p.commit); Is(absent, Gone) {
			return absent
		}
		return err
	}
	if len(v.parts) == 0 {
		v.digest = digest
	}
	v.parts = append(v.parts, p)
	if err := v.store.fetchObjects(ctx, p, v.layout.log); err != nil {
		return err
	}
	return v.submodules(ctx, p)
}

// checkCase refuses names that differ in nothing but case: which of the two a
// site gets would depend on the machine it is looked at on.
func checkCase(parts []part) error {
	names := 0
	for _, p := range parts {
		names += len(p.in.parents) + len(p.in.files) + len(p.in.objects) + len(p.in.symlinks)
	}
	seen := make(map[string]string, names)
	check := func(name string) error {
		lower := strings.ToLower(name)
		if other, ok := seen[lower]; ok && other != name {
			return refuse("Rename one of them in the repository.",
				"The repository has both %q and %q, which are the same where case does not count.", bounded(min(name, other), 100), bounded(max(name, other), 100))
		}
		seen[lower] = name
		return nil
	}
	for _, p := range parts {
		for _, dir := range slices.Sorted(maps.Keys(p.in.parents)) {
			if err := check(dir); err != nil {
				return err
			}
		}
		for _, some := range [][]entry{p.in.files, p.in.objects, p.in.symlinks} {
			for _, e := range some {
				if err := check(e.path); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
