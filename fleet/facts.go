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
}

// A Package is one versioned part of a code base.
type Package struct {
	Name    string   `json:"name"`              // machine name: "example/guestbook", "views"
	Type    string   `json:"type"`              // "core", "module", "theme", "plugin", "library", "application"
	Version string   `json:"version,omitempty"` // "" when it has none
	Replace []string `json:"replaces,omitempty"`
}

// SiteFacts is what was read of a site for a comparison.
type SiteFacts struct {
	URI        URI               `json:"uri"`
	Generation int64             `json:"generation"`        // the facts are stale once the site has another
	Enabled    []string          `json:"enabled,omitempty"` // packages in use, by Name; nil means the kind cannot tell
	Schema     string            `json:"schema,omitempty"`  // of its data, if the kind can tell
	Pending    map[string]int    `json:"pending,omitempty"` // pending updates by package against the target
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
