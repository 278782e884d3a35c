package lamp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// Releases are several versions of one program in one git repository.
type Releases struct {
	Repository string   // a bare repository; it is shared between tests: read it only, see Derive
	Tags       []string // its tags, the oldest version first: "6.1.9", "6.8.7"
	Absent     []string // a sentence for each version that could not be had
}

// A suite of Debian and the packages that hold the program in it.
type suite struct {
	name     string
	packages []string
}

// A program is a code base that Debian has in several suites.
type program struct {
	name   string // of its directory in the cache; a new recipe has a new name
	suites []suite
	lay    func(unpacked, tree string) error // makes the clean tree
	tag    func(tree string) (string, error) // reads its version
	carry  func(previous, tree string) error // adds what the version before had; may be nil
}

// WordPress gives 5.7, 6.1 and 6.8, as far as the mirror has them, at least two.
// As in WordPress's own releases, each version brings the default themes of those
// before it.
func WordPress(ctx context.Context) (Releases, error) {
	return program{
		name: "wordpress-2",
		suites: []suite{
			{"bullseye", []string{"wordpress", "wordpress-theme-twentytwentyone"}},
			{"bookworm", []string{"wordpress", "wordpress-theme-twentytwentythree"}},
			{"trixie", []string{"wordpress", "wordpress-theme-twentytwentyfive"}},
		},
		lay: layWordPress, tag: tagOf("wp-includes/version.php", `\$wp_version = '([^']+)'`), carry: carryThemes,
	}.releases(ctx)
}

// MediaWiki gives 1.39 and 1.43.
func MediaWiki(ctx context.Context) (Releases, error) {
	return program{
		name: "mediawiki-1",
		suites: []suite{
			{"bookworm", []string{"mediawiki", "mediawiki-classes"}},
			{"trixie", []string{"mediawiki", "mediawiki-classes"}},
		},
		lay: layMediaWiki, tag: tagOf("includes/Defines.php", `'MW_VERSION', '([^']+)'`),
	}.releases(ctx)
}

// cacheDir is where code bases are kept between runs.
func cacheDir() (string, error) {
	if dir := os.Getenv("DISTROBOT_TEST_CACHE"); dir != "" {
		return filepath.Abs(dir)
	}
	dir, err := os.UserCacheDir()
	return filepath.Join(dir, "distrobot-tests"), err
}

// releases gives the program's repository from the cache, and makes it first if
// need be. Only one process makes it, the others wait.
func (p program) releases(ctx context.Context) (Releases, error) {
	dir, err := cacheDir()
	if err != nil {
		return Releases{}, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return Releases{}, err
	}
	lock, err := os.OpenFile(filepath.Join(dir, p.name+".lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return Releases{}, err
	}
	defer lock.Close()
	if err := flock(lock); err != nil {
		return Releases{}, err
	}
	place := filepath.Join(dir, p.name)
	if r, err := readReleases(place); err == nil {
		return r, nil
	}
	tmp := place + ".tmp"
	if err := errors.Join(os.RemoveAll(tmp), os.RemoveAll(place), os.Mkdir(tmp, 0o755)); err != nil {
		return Releases{}, err
	}
	defer os.RemoveAll(tmp)
	if err := p.make(ctx, tmp); err != nil {
		return Releases{}, fmt.Errorf("make the repository of %s: %w", p.name, err)
	}
	if err := os.Rename(tmp, place); err != nil {
		return Releases{}, err
	}
	return readReleases(place)
}

func flock(f *os.File) error {
	for {
		if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}

func readReleases(place string) (Releases, error) {
	var r Releases
	text, err := os.ReadFile(filepath.Join(place, "releases.json"))
	if err != nil {
		return r, err
	}
	err = json.Unmarshal(text, &r)
	r.Repository = filepath.Join(place, "repository.git")
	return r, err
}

// make downloads all suites below dir and leaves a repository and releases.json.
func (p program) make(ctx context.Context, dir string) error {
	work := filepath.Join(dir, "work")
	defer os.RemoveAll(work)
	a, err := newApt(ctx, filepath.Join(work, "apt"))
	if err != nil {
		return err
	}
	var r Releases
	var trees []release
	for _, s := range p.suites {
		tree := filepath.Join(work, "trees", s.name)
		switch tag, err := p.tree(ctx, a, s, tree); {
		case errors.Is(err, errAbsent):
			r.Absent = append(r.Absent, fmt.Sprintf("%s of Debian's suite %s is left out: %v.", p.name, s.name, err))
			continue
		case err != nil:
			return fmt.Errorf("suite %s: %w", s.name, err)
		default:
			r.Tags = append(r.Tags, tag)
			trees = append(trees, release{tag, tree})
		}
		if n := len(trees); n > 1 && p.carry != nil {
			if err := p.carry(trees[n-2].tree, tree); err != nil {
				return err
			}
		}
	}
	if len(trees) < 2 {
		return fmt.Errorf("two versions are needed, and there are %d: %v", len(trees), r.Absent)
	}
	if err := importTrees(ctx, filepath.Join(dir, "repository.git"), trees); err != nil {
		return err
	}
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "releases.json"), text, 0o644)
}

// tree lays out one suite's version and reads what it is.
func (p program) tree(ctx context.Context, a apt, s suite, tree string) (tag string, err error) {
	unpacked := filepath.Join(a.dir, s.name, "unpacked")
	if err := os.MkdirAll(filepath.Dir(tree), 0o755); err != nil {
		return "", err
	}
	if err := a.unpack(ctx, s.name, s.packages, unpacked); err != nil {
		return "", err
	}
	if err := p.lay(unpacked, tree); err != nil {
		return "", err
	}
	return p.tag(tree)
}
