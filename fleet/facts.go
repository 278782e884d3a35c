package fleet

import "time"

// PlatformFacts is what was read of a platform at build time, once. It never
// changes: comparing needs no disk.
type PlatformFacts struct {
	Platform PlatformName `json:"platform"`
	Packages []Package    `json:"packages"`          // sorted by type and name
	PHP      string       `json:"php,omitempty"`     // requirement, as in composer.json
	Files    int          `json:"files"`             // in the tree
	Bytes    int64        `json:"bytes"`             // of all files
	Schema   string       `json:"schema,omitempty"`  // what the update step would bring a site to, if the kind can tell
	Updates  []string     `json:"updates,omitempty"` // commands the update step runs, as people read them
	At       time.Time    `json:"at"`
	Docroot  string       `json:"docroot,omitempty"` // directory of the tree that is served; "" or "." is the whole tree
	// Code is what the code base knows of database updates; nil if the kind
	// cannot tell. It is kept in a row of its own, PlatformSchema, because only
	// who looks at a site's database needs it: facts read from the store have
	// none.
	Code *CodeSchema `json:"-"`
}

// A Package is one versioned part of a code base.
type Package struct {
	Name    string   `json:"name"`              // machine name: "example/guestbook", "views"
	Type    string   `json:"type"`              // "core", "module", "theme", "profile", "plugin", "mu-plugin", "drop-in", "library", "application"
	Version string   `json:"version,omitempty"` // "" when it has none; "dev-main#1a2b3c4" names a development line and its commit
	Replace []string `json:"replaces,omitempty"`
	// Parts are the machine names of what comes with the package and shares its
	// version, sorted: the modules of Drupal core, the submodules of a project.
	// A site that uses a part uses the package.
	Parts []string `json:"parts,omitempty"`
	// Needs are names of the same platform without which the package does not
	// work: a child theme's parent.
	Needs []string `json:"needs,omitempty"`
	// Patches are what was applied on top of the version, in order, as people
	// read it: the descriptions or addresses of the patches.
	Patches []string `json:"patches,omitempty"`
	// Licence is what its maintainers say it is licensed under, as they write it
	// ("GPL-2.0-or-later", "MIT or Apache-2.0"); "" when it is not said.
	Licence string `json:"licence,omitempty"`
}

// SiteFacts is what was read of a site for a comparison.
type SiteFacts struct {
	URI        URI               `json:"uri"`
	Generation int64             `json:"generation"`        // the facts are stale once the site has another
	Enabled    []string          `json:"enabled,omitempty"` // packages in use, by Name or Parts; nil means the kind cannot tell
	Schema     string            `json:"schema,omitempty"`  // of its data, if the kind can tell
	Pending    map[string]int    `json:"pending,omitempty"` // pending updates by package against the target
	Blocks     []string          `json:"blocks,omitempty"`  // why its database cannot be brought to the target, as sentences
	PHP        string            `json:"php,omitempty"`     // version that its host runs; "" if it needs none or nobody can tell
	Data       map[string]string `json:"data,omitempty"`    // more for people: "entries": "12"
	At         time.Time         `json:"at"`
}

// Key implements Record.
func (f *PlatformFacts) Key() Key { return Key{Catalogue, "facts", string(f.Platform)} }

// Entries implements Record.
func (f *PlatformFacts) Entries() []Entry { return nil }

// Key implements Record.
func (f *SiteFacts) Key() Key { return Key{Catalogue, "sitefacts", string(f.URI)} }

// Entries implements Record.
func (f *SiteFacts) Entries() []Entry { return nil }
