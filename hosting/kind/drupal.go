package kind

import (
	"context"
	"encoding/json"
	"path"
	"strings"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
)

// drupal is Drupal 7 and Drupal 8 and later, in a release's layout or in those
// of Composer's project templates.
type drupal struct{}

// drupalPackages are names of core in composer.json.
var drupalPackages = []string{"drupal/core", "drupal/core-recommended", "drupal/drupal", "drupal/legacy-project"}

// drupalFloor is \Drupal::CORE_MINIMUM_SCHEMA_VERSION: the schema of a module
// without updates since Drupal 8.
const drupalFloor = 8000

// Name implements hosting.Kind.
func (drupal) Name() fleet.KindName { return "drupal" }

// Detect implements hosting.Kind.
func (drupal) Detect(t hosting.Tree) bool {
	in, err := openTree(t)
	if err != nil {
		return false
	}
	defer in.Close()
	_, found := drupalIn(in)
	return found || in.requires(drupalPackages...)
}

// A core is a CMS with extensions as it was found in a tree.
type core struct {
	flavour
	docroot string
	name    string // of its package
	version string
	php     string // lowest version
	floor   int
	legacy  bool
}

// drupalIn finds Drupal in a tree, a later one first: its docroot has no
// includes directory.
func drupalIn(in tree) (core, bool) {
	var c core
	docroot, found := in.find(func(docroot string) bool {
		c = drupal8In(in, docroot)
		if c.version == "" {
			c = drupal7In(in, docroot)
		}
		return c.version != ""
	})
	c.docroot = docroot
	return c, found
}

func drupal8In(in tree, docroot string) core {
	values := phpValues(in.file(path.Join(docroot, "core/lib/Drupal.php"), maxPHP))
	c := core{flavour: drupal8, name: "drupal/core", version: values["VERSION"], floor: drupalFloor}
	if c.version == "" {
		return c
	}
	var manifest struct {
		Require loose `json:"require"`
	}
	in.json(path.Join(docroot, "core/composer.json"), &manifest)
	_ = json.Unmarshal(manifest.Require["php"], &c.php)
	if c.php == "" {
		values := phpValues(in.file(path.Join(docroot, "core/includes/bootstrap.inc"), maxPHP))
		c.php = atLeast(values["DRUPAL_MINIMUM_PHP"])
	}
	return c
}

func drupal7In(in tree, docroot string) core {
	values := phpValues(in.file(path.Join(docroot, "includes/bootstrap.inc"), maxPHP))
	c := core{flavour: drupal7, name: "drupal", php: atLeast(values["DRUPAL_MINIMUM_PHP"])}
	if strings.HasPrefix(values["VERSION"], "7.") {
		c.version = values["VERSION"]
	}
	return c
}

// Read implements hosting.Kind. What is released together is one package:
// core, a project of drupal.org, a package of Composer. The machine names of
// its modules, themes and profiles are its parts.
func (drupal) Read(ctx context.Context, t hosting.Tree) (fleet.PlatformFacts, error) {
	in, err := openTree(t)
	if err != nil {
		return fleet.PlatformFacts{}, err
	}
	defer in.Close()
	c, _ := drupalIn(in)
	return c.read(ctx, in)
}

// read reads a code base with extensions; c is zero if only Composer's files
// say what it will be.
func (c core) read(ctx context.Context, in tree) (fleet.PlatformFacts, error) {
	composer := in.composer()
	facts := fleet.PlatformFacts{Docroot: c.docroot, PHP: strictest(in.spec.PHP, c.php, composer.php)}
	if c.version == "" {
		facts.Packages = group(fleet.Package{}, composer, nil).sorted()
		return facts, nil
	}
	h, err := c.harvestOf(ctx, in, c.docroot)
	if err != nil {
		return facts, err
	}
	all, err := h.extensions(ctx)
	if err != nil {
		return facts, err
	}
	modules, err := h.schemas(ctx, all)
	if err != nil {
		return facts, err
	}
	own := fleet.Package{Name: c.name, Type: "core", Version: c.version}
	for _, p := range composer.list {
		if p.Name == c.name {
			own.Patches = p.Patches
		}
	}
	facts.Packages = group(own, composer, all).sorted()
	facts.Code = &fleet.CodeSchema{Floor: c.floor, Legacy: c.legacy, Modules: modules}
	return facts, nil
}
