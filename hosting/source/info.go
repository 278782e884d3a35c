package source

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/distrobot/distrobot/hosting/source/makefile"
	"github.com/distrobot/distrobot/internal/mirror"
)

// Bounds of what is written into .info files.
const (
	maxInfo  = 1 << 20 // bytes of one file
	maxInfos = 2000    // files of one project
)

// infoVersion finds a version that a file says of itself; VERSION is a
// placeholder that packaging replaces.
var infoVersion = regexp.MustCompile(`(?m)^[ \t]*version[ \t]*[=:][ \t]*["']?([^"'\s]+)`)

// brand writes version, project and date into the .info and .info.yml files of a
// project that came from its repository, as drush.org's packaging and drush do:
// without them Drupal does not know which version it runs. The date is the
// commit's, so that the same commit gives the same files on every host.
func (g *getter) brand(ctx context.Context, it *item) error {
	version := infoLabel(it)
	if it.was.Commit == "" || version == "" || it.Kind == makefile.CoreKind || it.Kind == makefile.Library {
		return nil
	}
	log, err := g.o.Mirrors.Log(ctx, mirror.Repo{URL: it.was.URL}, "", it.was.Commit, 1)
	if err != nil {
		return err
	}
	if len(log.List) == 0 {
		return nil
	}
	files, err := infoFiles(it.dir)
	if err != nil {
		return err
	}
	root, err := os.OpenRoot(it.dir)
	if err != nil {
		return err
	}
	defer root.Close()
	for _, name := range files {
		if err := brandFile(root, name, infoStamp{version, it.Name, log.List[0].At.UTC()}); err != nil {
			return fmt.Errorf("write the version into %s: %w", name, err)
		}
	}
	return nil
}

// infoLabel is what a checkout's version is called: its tag, or its branch with
// -dev. Tags and branches of other shapes say nothing to Drupal.
func infoLabel(it *item) string {
	label, tagged := strings.CutPrefix(it.was.Ref, "refs/tags/")
	if !tagged {
		branch, ok := strings.CutPrefix(it.was.Ref, "refs/heads/")
		if !ok {
			return ""
		}
		label = branch + "-dev"
	}
	if !drupalVersion.MatchString(label) {
		return ""
	}
	return label
}

// drupalVersion is a version as drupal.org's packaging writes it.
var drupalVersion = regexp.MustCompile(`^(\d+\.x-)?\d+\.(\d+|x)(\.(\d+|x))?(-[A-Za-z0-9]+)?$`)

// infoFiles lists the .info and .info.yml files below dir.
func infoFiles(dir string) ([]string, error) {
	var out []string
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if !d.Type().IsRegular() || !strings.HasSuffix(d.Name(), ".info") && !strings.HasSuffix(d.Name(), ".info.yml") {
			return nil
		}
		rel, err := filepath.Rel(dir, p)
		if out = append(out, rel); err == nil && len(out) > maxInfos {
			err = errors.New("the project has too many .info files")
		}
		return err
	})
	return out, err
}

// An infoStamp is what is written into a file.
type infoStamp struct {
	version, project string
	at               time.Time
}

// brandFile appends the block, unless the file says a version of its own already.
func brandFile(root *os.Root, name string, s infoStamp) error {
	t := &tree{root: root}
	b, err := t.ReadFile(filepath.ToSlash(name), maxInfo)
	if err != nil {
		return err
	}
	if m := infoVersion.FindSubmatch(b); m != nil && string(m[1]) != "VERSION" {
		return nil
	}
	comment, form := ";", "%s = \"%s\"\n"
	if path.Ext(name) == ".yml" {
		comment, form = "#", "%s: '%s'\n"
		b = infoVersion.ReplaceAll(b, []byte("# $0")) // a key may stand there once only
	}
	var block strings.Builder
	if len(b) > 0 && b[len(b)-1] != '\n' {
		block.WriteByte('\n')
	}
	fmt.Fprintf(&block, "\n%s Information added by distrobot, of the commit of %s\n", comment, s.at.Format(time.DateOnly))
	fmt.Fprintf(&block, form, "version", s.version)
	fmt.Fprintf(&block, form, "project", s.project)
	if comment == ";" {
		fmt.Fprintf(&block, form, "datestamp", fmt.Sprint(s.at.Unix()))
	} else {
		fmt.Fprintf(&block, "datestamp: %d\n", s.at.Unix())
	}
	info, err := root.Stat(name)
	if err != nil {
		return err
	}
	if err := root.Remove(name); err != nil { // it may be a hard link
		return err
	}
	return root.WriteFile(name, append(b, block.String()...), info.Mode().Perm()|0o200)
}
