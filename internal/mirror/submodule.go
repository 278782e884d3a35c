package mirror

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path"
	"strings"
)

// Bounds of submodules: of one layout, and of submodules in submodules.
const (
	maxSubmodules  = 100
	maxNested      = 4
	maxModulesFile = 256 << 10
)

// A module is what .gitmodules says of one submodule.
type module struct {
	path, url string
	left      bool // update = none: git leaves its directory empty
}

// submodules fetches the submodules of a part at the commits that its tree pins
// and adds them. The pinned hash is fetched, listed or not: it is the tree's
// author who vouches for it, not the submodule's branches.
func (v *survey) submodules(ctx context.Context, p part) error {
	if len(p.in.submodules) == 0 {
		return nil
	}
	modules, err := v.store.modules(ctx, p)
	if err != nil {
		return err
	}
	for _, e := range p.in.submodules {
		m, ok := modules[relativeTo(p.at, e.path)]
		switch {
		case !ok:
			return refuse("Add it with git submodule add, or remove it.",
				"The repository has a submodule at %q, and .gitmodules does not say where it comes from.", bounded(e.path, 100))
		case m.left:
			v.layout.log(fmt.Sprintf("The submodule at %s is left out, as .gitmodules asks.", bounded(e.path, 100)))
			continue
		case p.depth >= maxNested:
			return problem(TooBig, nil, "The submodules are nested more than %d deep, at %q.", maxNested, bounded(e.path, 100))
		case len(v.parts) > maxSubmodules:
			return problem(TooBig, nil, "The repository has more than %d submodules.", maxSubmodules)
		}
		sub, err := v.store.fetchModule(ctx, p, m, e)
		if err != nil {
			return inSubmodule(e.path, err)
		}
		v.layout.log(fmt.Sprintf("Submodule %s at %s.", bounded(e.path, 100), e.hash[:7]))
		if err := v.add(ctx, sub); err != nil {
			return err
		}
	}
	return nil
}

// fetchModule fetches one submodule.
func (s *Store) fetchModule(ctx context.Context, p part, m module, e entry) (part, error) {
	address, err := resolveModule(p.repo.URL, m.url)
	if err != nil {
		return part{}, err
	}
	repo := Repo{URL: s.Policy.Upgrade(address)}
	if sameHost(repo.URL, p.repo.URL) {
		repo.Credential = p.repo.Credential
	}
	sub := part{repo: repo, commit: e.hash, at: e.path, depth: p.depth + 1}
	return sub, s.Fetch(ctx, repo, Ref{Hash: e.hash})
}

// inSubmodule says which submodule an error is about.
func inSubmodule(at string, err error) error {
	var refused *Refused
	var failed *Error
	switch {
	case errors.As(err, &refused):
		return &Refused{Reason: fmt.Sprintf("The submodule at %q cannot be fetched: %s", bounded(at, 100), refused.Reason), Hint: refused.Hint}
	case errors.As(err, &failed):
		out := *failed
		out.Text, out.Err = fmt.Sprintf("The submodule at %q cannot be fetched: %s", bounded(at, 100), failed.Text), err
		return &out
	}
	return err
}

// modules reads .gitmodules with git's own parser.
func (s *Store) modules(ctx context.Context, p part) (map[string]module, error) {
	out := map[string]module{}
	f := p.in.modules
	if f == nil {
		return out, nil
	}
	if f.size > maxModulesFile {
		return nil, refuse("", "The file .gitmodules of the repository is too long for what it is.")
	}
	var list strings.Builder
	call := gitCall{args: []string{"config", "--blob", f.hash, "--no-includes", "--null", "--list"}, stdout: &list, limit: 4 * maxModulesFile}
	if _, err := s.git(ctx, p.git, call); err != nil {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, &Refused{Reason: "The file .gitmodules of the repository cannot be read."}
	}
	byName := map[string]module{}
	for item := range strings.SplitSeq(list.String(), "\x00") {
		key, value, _ := strings.Cut(item, "\n")
		name, variable, ok := cutModuleKey(key)
		if !ok {
			continue
		}
		m := byName[name]
		switch variable {
		case "path":
			m.path = strings.TrimSuffix(value, "/")
		case "url":
			m.url = value
		case "update":
			m.left = value == "none"
		}
		byName[name] = m
	}
	for _, m := range byName {
		out[m.path] = m
	}
	return out, nil
}

// cutModuleKey splits "submodule.NAME.variable"; names may have dots.
func cutModuleKey(key string) (name, variable string, ok bool) {
	rest, ok := strings.CutPrefix(key, "submodule.")
	i := strings.LastIndexByte(rest, '.')
	if !ok || i < 0 {
		return "", "", false
	}
	return rest[:i], rest[i+1:], true
}

// relativeTo gives a path of the layout as the part at "at" calls it.
func relativeTo(at, p string) string {
	if at == "" {
		return p
	}
	return strings.TrimPrefix(p, at+"/")
}

// resolveModule gives the address that a submodule's url means in a repository
// at base: one that begins with ./ or ../ is relative to the repository itself
// (gitsubmodules(7)), anything else is an address of its own.
func resolveModule(base, ref string) (string, error) {
	if !strings.HasPrefix(ref, "./") && !strings.HasPrefix(ref, "../") {
		return ref, nil
	}
	a, err := parseAddress(base)
	if err != nil {
		return "", err
	}
	dir := strings.TrimSuffix(a.path, "/")
	for {
		if rest, ok := strings.CutPrefix(ref, "./"); ok {
			ref = rest
			continue
		}
		rest, ok := strings.CutPrefix(ref, "../")
		if !ok {
			break
		}
		if strings.Trim(dir, "/") == "" {
			return "", refuse("Correct .gitmodules.", "Its address leads above the top of the host.")
		}
		ref, dir = rest, strings.TrimSuffix(path.Dir(dir), ".")
		dir = strings.TrimSuffix(dir, "/")
	}
	return a.withPath(dir + "/" + ref), nil
}

// sameHost reports whether two addresses are of one server, so that what opens
// the one may be sent to the other.
func sameHost(a, b string) bool {
	u, errU := url.Parse(a)
	v, errV := url.Parse(b)
	return errU == nil && errV == nil && u.Scheme == v.Scheme && strings.EqualFold(u.Host, v.Host) && u.Host != ""
}
