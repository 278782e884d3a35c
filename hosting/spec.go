package hosting

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/token"
)

// SpecFile is the name of a distribution's own instructions.
const SpecFile = "distrobot.yml"

// Bounds of a specification.
const (
	MaxSpec       = 64 << 10 // bytes
	maxSpecList   = 100      // entries of a list or map
	maxSpecText   = 1000     // bytes of one string
	maxSpecTime   = 6 * time.Hour
	defaultTime   = 10 * time.Minute
	defaultStatus = 200
)

// A Spec is what distrobot.yml says. All paths are relative to the root of the
// tree, cleaned, and stay inside it.
type Spec struct {
	Version int            `yaml:"version"`
	Kind    fleet.KindName `yaml:"kind"`    // "" leaves it to detection
	Docroot string         `yaml:"docroot"` // directory that is served; "." is the whole tree
	// PHP is the required version, as in composer.json. An application of kind
	// generic that has it is served through PHP.
	PHP string `yaml:"php"`
	// Shared paths belong to the site for ever: uploads. Versioned ones are
	// copied for each generation: SQLite files, configuration.
	Shared    []string `yaml:"shared"`
	Versioned []string `yaml:"versioned"`
	// Settings maps templates of the tree to the files they are rendered to.
	Settings map[string]string `yaml:"settings"`
	Install  [][]string        `yaml:"install"` // argument vectors, run in order for a new site
	Update   [][]string        `yaml:"update"`  // the same for a site that was moved here
	// Profile is what a new site is installed with, where the CMS has several.
	Profile  string       `yaml:"profile"`
	Database DatabaseSpec `yaml:"database"`
	Check    Check        `yaml:"check"`
	Look     LookSpec     `yaml:"look"`
	Verify   [][]string   `yaml:"verify"` // argument vectors, run once in the built tree
	// Smoke true tries a new platform with a scratch site before it is ready.
	Smoke bool `yaml:"smoke"`
	// Network true lets verification use the network. It has none otherwise: with
	// false a build is refused on a host that cannot take it away, and without the
	// key its log says so.
	Network *bool  `yaml:"network"`
	Timeout string `yaml:"timeout"` // of one command, like "10m"
	// Composer allows what the composer source leaves out otherwise.
	Composer ComposerSpec `yaml:"composer"`
}

// A DatabaseSpec says what database each site needs.
type DatabaseSpec struct {
	Engine   string   `yaml:"engine"`   // mysql or sqlite; "" for none
	Volatile []string `yaml:"volatile"` // patterns of tables whose rows are not copied
	Ignored  []string `yaml:"ignored"`  // patterns of tables that do not count as written to
}

// A ComposerSpec says what composer may do while it builds: run the project's
// plugins (composer/installers and the scaffold of Drupal are plugins) and its
// scripts, and install the packages for development.
type ComposerSpec struct {
	Plugins bool `yaml:"plugins"`
	Scripts bool `yaml:"scripts"`
	Dev     bool `yaml:"dev"`
}

// A Check is what a healthy site answers to a GET of Path.
type Check struct {
	Path     string `yaml:"path"`      // begins with a slash; default "/"
	Status   int    `yaml:"status"`    // default 200
	MinBytes int64  `yaml:"min_bytes"` // of the body
	Marker   string `yaml:"marker"`    // a text the body holds
}

// Online reports whether commands may use the network; they may by default.
func (s Spec) Online() bool { return s.Network == nil || *s.Network }

// Limit is how long one command may take.
func (s Spec) Limit() time.Duration {
	if d, err := time.ParseDuration(s.Timeout); err == nil && d > 0 {
		return d
	}
	return defaultTime
}

// ReadSpec reads the specification of a tree; a tree without one has the zero
// Spec with its defaults. It does not follow links out of the tree.
func ReadSpec(dir string) (Spec, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return Spec{}, err
	}
	defer root.Close()
	f, err := root.Open(SpecFile)
	if errors.Is(err, fs.ErrNotExist) {
		return ParseSpec(nil)
	}
	if err != nil {
		return Spec{}, invalid("it cannot be opened inside the tree").Because(err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, MaxSpec+1))
	if err != nil {
		return Spec{}, err
	}
	return ParseSpec(b)
}

// ParseSpec reads a specification and checks all of it. Errors are *fleet.Error
// of code Invalid and name the line where they can.
func ParseSpec(b []byte) (Spec, error) {
	s := Spec{Version: 1, Docroot: ".", Check: Check{Path: "/", Status: defaultStatus}}
	if len(b) > MaxSpec {
		return Spec{}, invalid("it is larger than %d KiB", MaxSpec>>10)
	}
	if len(bytes.TrimSpace(b)) == 0 {
		return s, nil
	}
	if bytes.IndexByte(b, 0) >= 0 {
		return Spec{}, invalid("it holds a NUL byte")
	}
	if err := noReferences(b); err != nil {
		return Spec{}, err
	}
	s.Version = 0 // must be there
	d := yaml.NewDecoder(bytes.NewReader(b), yaml.Strict())
	if err := d.Decode(&s); err != nil {
		return Spec{}, explainYAML(err)
	}
	var more any
	if err := d.Decode(&more); !errors.Is(err, io.EOF) {
		return Spec{}, invalid("it holds more than one document")
	}
	return s.cleaned()
}

// noReferences refuses anchors and aliases, which can make a small file large.
func noReferences(b []byte) error {
	for _, t := range lexer.Tokenize(string(b)) {
		switch t.Type {
		case token.AnchorType, token.AliasType, token.MergeKeyType, token.TagType:
			return invalid("line %d: anchors, aliases and tags are not used here", t.Position.Line)
		}
	}
	return nil
}

// explainYAML makes a sentence of the parser's error, with the line.
func explainYAML(err error) *fleet.Error {
	var at yaml.Error
	if !errors.As(err, &at) || at.GetToken() == nil || at.GetToken().Position == nil {
		return invalid("%s", fleet.Clean(err.Error(), 200)).Because(err)
	}
	line := at.GetToken().Position.Line
	return invalid("line %d: %s", line, fleet.Clean(at.GetMessage(), 160)).Because(err)
}

func invalid(format string, args ...any) *fleet.Error {
	return fleet.Errorf(fleet.Invalid, "The file %s is not right: %s.", SpecFile, fmt.Sprintf(format, args...))
}
