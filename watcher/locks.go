package watcher

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/internal/mirror"
)

// maxLockFiles is how many changed locks and makefiles a notice tells of.
const maxLockFiles = 4

// A Trees reads what lies in two commits of a mirror; *mirror.Store.
type Trees interface {
	Diff(ctx context.Context, repo mirror.Repo, from, to string) ([]mirror.Change, error)
	Files(ctx context.Context, repo mirror.Repo, commit string, paths []string) (map[string][]byte, error)
}

// locks tells what changed between two fetched commits in the files that say
// which packages a distribution is made of.
func (p *Poller) locks(ctx context.Context, d fleet.Distribution, from, to string) ([]fleet.LockChange, error) {
	trees, ok := p.History.(Trees)
	if !ok || from == "" {
		return nil, nil
	}
	repo := p.repo(d.URL)
	changes, err := trees.Diff(ctx, repo, from, to)
	if err != nil {
		return nil, err
	}
	paths := lockPaths(d.Source, changes)
	if len(paths) == 0 {
		return nil, nil
	}
	before, err := trees.Files(ctx, repo, from, paths)
	if err != nil {
		return nil, err
	}
	after, err := trees.Files(ctx, repo, to, paths)
	if err != nil {
		return nil, err
	}
	var out []fleet.LockChange
	for _, file := range paths {
		read := lockReader(file)
		if c := fleet.CompareLocks(file, read(before[file]), read(after[file])); len(c.Rows) > 0 {
			out = append(out, c)
		}
	}
	return out[:min(len(out), maxLockFiles)], nil
}

// elsewhere are directories whose locks say nothing of the code base itself.
var elsewhere = regexp.MustCompile(`(^|/)(vendor|node_modules|tests?|fixtures|examples?)/`)

// lockPaths chooses the changed files worth reading: what the platform is built
// from first, then those nearest to the root.
func lockPaths(source fleet.Source, changes []mirror.Change) []string {
	own := source.Path
	if source.Type == "composer" {
		own = path.Join(source.Path, "composer.lock")
	}
	var out []string
	for _, c := range changes {
		if lockReader(c.Path) != nil && (c.Path == own || !elsewhere.MatchString(c.Path)) {
			out = append(out, c.Path)
		}
	}
	rank := func(p string) int {
		if p == own {
			return -1
		}
		return strings.Count(p, "/")
	}
	slices.SortFunc(out, func(a, b string) int { return cmp.Or(cmp.Compare(rank(a), rank(b)), strings.Compare(a, b)) })
	return out[:min(len(out), 2*maxLockFiles)]
}

// lockReader tells by its name how a file is read; nil for any other file. What
// cannot be read has no packages: the notice then says nothing of it.
func lockReader(file string) func([]byte) []fleet.Package {
	switch name := path.Base(file); {
	case name == "composer.lock":
		return composerPackages
	case name == "package-lock.json":
		return npmPackages
	case strings.HasSuffix(name, ".make"):
		return makefilePackages
	case strings.HasSuffix(name, ".make.yml") || strings.HasSuffix(name, ".make.yaml"):
		return yamlPackages
	}
	return nil
}

// composerPackages reads what a composer.lock installs where sites run.
func composerPackages(data []byte) []fleet.Package {
	var lock struct {
		Packages []struct {
			Name, Version string
			Source, Dist  struct{ Reference string }
		}
	}
	if json.Unmarshal(data, &lock) != nil {
		return nil
	}
	out := make([]fleet.Package, 0, len(lock.Packages))
	for _, p := range lock.Packages {
		version := p.Version
		if strings.HasPrefix(version, "dev-") || strings.HasSuffix(version, "-dev") {
			version += "#" + cut(cmp.Or(p.Source.Reference, p.Dist.Reference), 7)
		}
		out = append(out, locked(p.Name, version))
	}
	return out
}

// npmPackages reads a package-lock.json of any version: what the application
// asks for and gets directly under node_modules, without what only builds it.
func npmPackages(data []byte) []fleet.Package {
	type entry struct {
		Version   string
		Dev, Link bool
	}
	var lock struct {
		Packages     map[string]entry // by path, from version 2
		Dependencies map[string]entry // version 1
	}
	if json.Unmarshal(data, &lock) != nil {
		return nil
	}
	var out []fleet.Package
	add := func(name string, e entry) {
		if name != "" && !e.Dev && !e.Link && !strings.Contains(name, "/node_modules/") {
			out = append(out, locked(name, e.Version))
		}
	}
	for at, e := range lock.Packages {
		if name, ok := strings.CutPrefix(at, "node_modules/"); ok {
			add(name, e)
		}
	}
	if lock.Packages == nil {
		for name, e := range lock.Dependencies {
			add(name, e)
		}
	}
	return out
}

// makefileLine is one line of a drush makefile that names a version.
var makefileLine = regexp.MustCompile(`^\s*(?:projects|libraries)\[([^\]]{1,100})\](?:\[(version|tag|branch|revision)\]|\[download\]\[(tag|branch|revision)\])?\s*=\s*"?([^"]{1,200}?)"?\s*$`)

// makefilePackages reads the versions out of a drush makefile. A revision says
// more than the branch it is on.
func makefilePackages(data []byte) []fleet.Package {
	v, lines := versions{}, bufio.NewScanner(bytes.NewReader(data))
	for lines.Scan() {
		if m := makefileLine.FindStringSubmatch(lines.Text()); m != nil {
			v.note(m[1], cmp.Or(m[2], m[3], "version"), m[4])
		}
	}
	if lines.Err() != nil {
		return nil // half a file would read as packages that were removed
	}
	return v.packages()
}

// Lines of a makefile in YAML, as drush and Aegir write them.
var (
	yamlSection = regexp.MustCompile(`^(projects|libraries):\s*$`)
	yamlProject = regexp.MustCompile(`^(\s+)["']?([A-Za-z0-9_.-]{1,100})["']?:\s*(.{0,200}?)\s*$`)
	yamlVersion = regexp.MustCompile(`^\s+(version|tag|branch|revision):\s*["']?([^"'#]{1,200}?)["']?\s*(?:#.*)?$`)
)

// yamlPackages reads the versions out of a makefile in YAML, line by line: what
// is wanted stands on lines of its own, and a parser for hostile YAML would cost
// more than it finds.
func yamlPackages(data []byte) []fleet.Package {
	v, inside, indent, project := versions{}, false, "", ""
	lines := bufio.NewScanner(bytes.NewReader(data))
	for lines.Scan() {
		line := lines.Text()
		if line == "" || strings.HasPrefix(strings.TrimSpace(line), "#") {
			continue
		}
		if line[0] != ' ' {
			inside, indent, project = yamlSection.MatchString(line), "", ""
			continue
		}
		if m := yamlProject.FindStringSubmatch(line); inside && m != nil && (indent == "" || m[1] == indent) {
			indent, project = m[1], m[2]
			if value := strings.Trim(m[3], `"'`); value != "" && !strings.HasPrefix(value, "{") {
				v.note(project, "version", value)
			}
			continue
		}
		if m := yamlVersion.FindStringSubmatch(line); inside && m != nil && project != "" {
			v.note(project, m[1], m[2])
		}
	}
	if lines.Err() != nil {
		return nil
	}
	return v.packages()
}

// versions gathers what a makefile says of each project, by what it says.
type versions map[string]map[string]string

func (v versions) note(project, what, value string) {
	if v[project] == nil {
		v[project] = map[string]string{}
	}
	v[project][what] = value
}

func (v versions) packages() []fleet.Package {
	out := make([]fleet.Package, 0, len(v))
	for name, said := range v {
		version := cmp.Or(said["version"], said["tag"], said["branch"])
		if r := said["revision"]; r != "" {
			version += "#" + cut(r, 7)
		}
		out = append(out, locked(name, strings.TrimPrefix(version, "#")))
	}
	return out
}

// locked is a package as people read it; all of it is foreign.
func locked(name, version string) fleet.Package {
	return fleet.Package{Name: fleet.Clean(name, 100), Version: fleet.Clean(version, 60)}
}

func cut(s string, n int) string { return s[:min(len(s), n)] }
