package command

import (
	"encoding/json"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
)

// Version is that of the documents; a program refuses others.
const Version = 1

// A Verb is what the program is asked to do.
type Verb string

// The verbs; see the package's comment.
const (
	List     Verb = "list"
	Facts    Verb = "facts"
	Observe  Verb = "observe"
	Build    Verb = "build"
	Create   Verb = "create"
	Hold     Verb = "hold"
	Clone    Verb = "clone"
	Update   Verb = "update"
	Check    Verb = "check"
	Switch   Verb = "switch"
	Release  Verb = "release"
	Rollback Verb = "rollback"
	Remove   Verb = "remove"
)

// reads reports whether a verb changes nothing, so that it may be repeated at
// will and its failure leaves nothing unknown.
func (v Verb) reads() bool {
	return v == List || v == Facts || v == Observe || v == Check
}

// A Request is what the program reads.
type Request struct {
	V     int            `json:"v"`
	Op    string         `json:"op"` // names the act, constant over repetitions
	Fence int64          `json:"fence,omitempty"`
	Host  fleet.HostName `json:"host"`
	Site  *Site          `json:"site,omitempty"` // absent for list and build
	From  *Generation    `json:"from,omitempty"`
	To    *Generation    `json:"to,omitempty"`
	// Params are those of a verb: path and marker of check, source of clone, kept
	// of remove.
	Params map[string]any `json:"params,omitempty"`
}

// A Site names a site.
type Site struct {
	URI          fleet.URI      `json:"uri"`
	ID           string         `json:"id,omitempty"` // for ever, over moves and renames
	Aliases      []fleet.URI    `json:"aliases,omitempty"`
	Kind         fleet.KindName `json:"kind,omitempty"`
	Distribution fleet.DistName `json:"distribution,omitempty"`
}

// A Generation is a site's copy on one platform, or with Number 0 the platform
// alone.
type Generation struct {
	Platform  fleet.PlatformName `json:"platform,omitempty"`
	Commit    string             `json:"commit,omitempty"`
	Tree      string             `json:"tree,omitempty"`    // directory on the worker's machine
	Docroot   string             `json:"docroot,omitempty"` // relative to Tree
	Number    int64              `json:"generation,omitempty"`
	Rehearsal bool               `json:"rehearsal,omitempty"` // a trial that never becomes live
}

// An Answer is what the program writes: a result, or with exit codes 1 and 2 an
// error, one sentence that people may read.
type Answer struct {
	V      int             `json:"v"`
	Result json.RawMessage `json:"result,omitempty"`
	Error  string          `json:"error,omitempty"`
}

// An Observed is the result of observe; list gives one for each site.
type Observed struct {
	URI fleet.URI `json:"uri"`
	// Generation and Platform are what visitors get; 0 and "" if there is no such
	// site.
	Generation int64              `json:"generation"`
	Platform   fleet.PlatformName `json:"platform,omitempty"`
	Held       bool               `json:"held,omitempty"`
	URL        string             `json:"url,omitempty"` // where visitors reach it; https://URI if empty
	Files      int                `json:"files,omitempty"`
	Bytes      int64              `json:"bytes,omitempty"` // of its data
}

// A Data is the result of facts. All of it may be absent: then nobody can tell.
type Data struct {
	Schema      int64          `json:"schema,omitempty"` // one number for the whole database
	Modules     map[string]int `json:"modules,omitempty"`
	Enabled     []string       `json:"enabled,omitempty"`
	Ran         []string       `json:"ran,omitempty"` // post updates
	PostUpdates bool           `json:"post_updates,omitempty"`
	Known       bool           `json:"known"`
}

// A Page is the result of check.
type Page struct {
	Status int    `json:"status"`
	Bytes  int64  `json:"bytes"`
	Body   string `json:"body,omitempty"` // at least its first megabyte if a marker is wanted
	MS     int64  `json:"ms,omitempty"`   // how long it took
	Log    string `json:"log,omitempty"`  // what the application logged for it
}

// answer is p as recipes read it.
func (p Page) answer() hosting.Answer {
	body := p.Body[:min(len(p.Body), hosting.MaxBody)]
	return hosting.Answer{Status: p.Status, Bytes: max(p.Bytes, int64(len(body))), Body: []byte(body), Took: time.Duration(p.MS) * time.Millisecond, Log: p.Log}
}

// schema is d as recipes read it.
func (d Data) schema() fleet.SiteSchema {
	return fleet.SiteSchema{Number: d.Schema, Installed: d.Modules, Enabled: d.Enabled, Ran: d.Ran, PostUpdates: d.PostUpdates}
}
