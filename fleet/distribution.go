package fleet

import (
	"regexp"
	"time"
)

// DistName is the name of a distribution: 1 to 40 letters, digits, "-", "_"
// and ".", beginning with a letter or digit. Case is kept; two names that
// differ only in case are the same name.
type DistName string

// KindName names what distrobot knows about one CMS: "generic", "drupal", …
type KindName string

// A Distribution is a family of platforms. It may track a repository; with an
// upgrade target set, its sites should be on that platform and on no other.
type Distribution struct {
	Name    DistName     `json:"name"`
	Kind    KindName     `json:"kind"`
	URL     string       `json:"url,omitempty"` // git repository; empty: platforms are assigned by hand
	Source  Source       `json:"source"`
	Track   Track        `json:"track"`
	Target  PlatformName `json:"target,omitempty"` // the platform its sites should be on
	Policy  Policy       `json:"policy"`
	Rules   int64        `json:"rules"`   // policy revision: rises when Policy, Source, URL or Track changes
	Builds  int64        `json:"builds"`  // rises when a platform joins or leaves; guards the set of platforms
	Created time.Time    `json:"created"` // when it was added
	By      Actor        `json:"by"`
	News    int          `json:"news,omitempty"` // number of its latest announcement
	Hush    Hush         `json:"hush,omitzero"`  // what people do not want to hear of it
	// Adopts names platforms that join when they are found in a host's own system;
	// "" is none.
	Adopts PlatformPattern `json:"adopts,omitempty"`
}

// Source says how a tree becomes a platform.
type Source struct {
	Type string `json:"type"`           // "git", "makefile", "composer"
	Path string `json:"path,omitempty"` // the makefile, or composer's directory; relative, inside the tree
}

// Track says what of the repository is followed. At most one is set; neither
// means that nothing is announced.
type Track struct {
	Branch string `json:"branch,omitempty"` // short name, "main"
	Tags   string `json:"tags,omitempty"`   // regular expression, anchored at both ends when used
	// Versions is a range of versions: tags that a Constraint admits.
	Versions string `json:"versions,omitempty"`
}

// None reports whether nothing is tracked.
func (t Track) None() bool { return t.Branch == "" && t.Tags == "" && t.Versions == "" }

// Expr compiles the tag expression, anchored at both ends. The error is an
// Error of code Invalid that quotes what is wrong with it.
func (t Track) Expr() (*regexp.Regexp, error) {
	if len(t.Tags) > 200 {
		return nil, Errorf(Invalid, "The tag expression is longer than 200 characters.")
	}
	re, err := regexp.Compile(`^(?:` + t.Tags + `)$`)
	if err != nil {
		return nil, Errorf(Invalid, "%q is not a regular expression.", t.Tags).
			WithHint(`An example that works: --tags '1\.\d+\.\d+'`).Because(err)
	}
	return re, nil
}

// Policy is what people decided beforehand for a distribution.
type Policy struct {
	Build    Auto   `json:"build,omitempty"`    // build new versions: "ask" or "auto"
	Target   Auto   `json:"target,omitempty"`   // move the target to a ready build: "ask" or "auto"
	Approval string `json:"approval,omitempty"` // "one" (default) or "none": sites tagged Free upgrade without a press
	Free     string `json:"free,omitempty"`     // the tag of those sites, e.g. "staging"
	Self     bool   `json:"self,omitempty"`     // a person may confirm their own request
	Channel  string `json:"channel,omitempty"`  // where it is announced; empty: the bot's default channel
	Failures int    `json:"failures,omitempty"` // failures a plan tolerates before it pauses; -1: any number
	// FailShare is the same as a percentage of the sites that a plan moves,
	// rounded down; Failures is 0 then.
	FailShare int  `json:"fail_share,omitempty"`
	Expiry    int  `json:"expiry,omitempty"`   // hours until an undecided plan expires; 0 means DefaultExpiry
	Keep      int  `json:"keep,omitempty"`     // hours an old copy of a site is kept; 0 means DefaultKeep
	Rehearse  bool `json:"rehearse,omitempty"` // each move is tried on a copy of the site first
	// Look compares pictures of each site's pages before and after its move.
	Look    Looking `json:"look,omitempty"`
	Backup  int     `json:"backup,omitempty"`  // hours between two backups of a site; 0: none by itself
	Backups int     `json:"backups,omitempty"` // how many are kept of a site; 0 means DefaultBackups
	Wait    int     `json:"wait,omitempty"`    // hours from the announcement of a version until it counts as ready
	Hurry   bool    `json:"hurry,omitempty"`   // one that mends a security hole does not wait; it is approved like any other

	Waves   string `json:"waves,omitempty"`    // sizes of the waves, as ParseWaves reads them; "" is DefaultWaves
	Canary  string `json:"canary,omitempty"`   // the site that is moved first, or "tag:NAME"
	AtOnce  int    `json:"at_once,omitempty"`  // sites of a plan under way at once; 0 means DefaultAtOnce
	PerHost int    `json:"per_host,omitempty"` // of them on one host; 0 is no limit of its own
	Window  string `json:"window,omitempty"`   // when sites may be moved, as ParseWindow reads it; "" is always

	OnPage    bool `json:"on_page,omitempty"`   // Confirm may be pressed on the page of the comparison, too
	Platforms int  `json:"platforms,omitempty"` // newest ready platforms kept without sites; 0 means DefaultPlatforms
	Retire    Auto `json:"retire,omitempty"`    // remove older ones: "ask" offers it in the digest, or "auto"
}

// Defaults of Policy.
const (
	DefaultExpiry = 24     // hours
	DefaultKeep   = 7 * 24 // hours
	// DefaultBackups are kept of each site; a new one takes the place of the oldest.
	DefaultBackups = 7
)

// Auto says whether a person is asked first.
type Auto string

// The values of Auto; "" is AskFirst.
const (
	AskFirst  Auto = "ask"
	Automatic Auto = "auto"
)

// Key and Entries: distributions stand in one index, by name.
func (d *Distribution) Key() Key { return Key{Catalogue, "dist", fold(string(d.Name))} }

// Entries implements Record.
func (d *Distribution) Entries() []Entry {
	return []Entry{{Index: AllDistributions, Member: string(d.Name)}}
}

// AllDistributions lists the names of distributions, by name.
var AllDistributions = Index{Catalogue, "dists"}

var distName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$`)

// CheckDistName refuses names that cannot be part of a path or a command.
func CheckDistName(s string) error {
	if !distName.MatchString(s) {
		return Errorf(Invalid, "%q cannot be the name of a distribution.", clip(s, 60)).
			WithHint("Use up to 40 letters, digits, dots, dashes and underscores, beginning with a letter or digit.")
	}
	return nil
}
