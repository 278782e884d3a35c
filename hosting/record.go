package hosting

import (
	"encoding/json"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

// RecordSchema is the schema of site.json that this program writes. A newer one
// is refused.
const RecordSchema = 1

// A Record is site.json: what is live, written on the machine in each
// generation. It holds no secrets, and enough to rebuild the site's row.
type Record struct {
	Schema       int                `json:"schema"`
	URI          fleet.URI          `json:"uri"`
	ID           string             `json:"id"`
	Kind         fleet.KindName     `json:"kind"`
	Host         fleet.HostName     `json:"host"`
	Distribution fleet.DistName     `json:"distribution,omitempty"`
	Platform     fleet.PlatformName `json:"platform"`
	Commit       string             `json:"commit"`
	Generation   int64              `json:"generation"`
	Fence        int64              `json:"fence"`
	Plan         fleet.PlanID       `json:"plan,omitempty"`
	Task         fleet.TaskID       `json:"task"`
	Database     *Database          `json:"database,omitempty"`
	State        fleet.SiteState    `json:"state"`
	Pinned       string             `json:"pinned,omitempty"`
	Previous     []Kept             `json:"previous,omitempty"`
	At           time.Time          `json:"at"`
}

// A Database names a site's database; passwords are elsewhere.
type Database struct {
	Engine string `json:"engine"`
	Name   string `json:"name"`
	User   string `json:"user"`
}

// text is how a site's row names a database.
func (d *Database) text() string {
	if d == nil {
		return ""
	}
	return d.Engine + "/" + d.Name + "/" + d.User
}

// Kept is an old generation that a rollback can return to.
type Kept struct {
	Generation int64              `json:"generation"`
	Platform   fleet.PlatformName `json:"platform"`
	Until      time.Time          `json:"until"`
}

// ParseRecord reads site.json.
func ParseRecord(b []byte) (Record, error) {
	var r Record
	if err := json.Unmarshal(b, &r); err != nil {
		return Record{}, fleet.Errorf(fleet.Failed, "The site's record on the host cannot be read.").Because(err)
	}
	if r.Schema < 1 || r.Schema > RecordSchema {
		return Record{}, fleet.Errorf(fleet.Refused, "The site's record on the host has schema %d; this program knows %d.", r.Schema, RecordSchema).
			WithHint("Update distrobot on this host.")
	}
	uri, err := fleet.ParseURI(string(r.URI))
	if err != nil || uri != r.URI || r.Generation < 1 || r.Platform == "" {
		return Record{}, fleet.Errorf(fleet.Failed, "The site's record on the host is incomplete.").Because(err)
	}
	return r, nil
}

// RecordOf makes the record of a generation.
func RecordOf(c Copy, host fleet.HostName, at time.Time) Record {
	return Record{
		Schema: RecordSchema, URI: c.URI, ID: c.ID, Kind: c.Kind, Host: host,
		Distribution: c.Distribution, Platform: c.Platform, Commit: c.Commit,
		Generation: c.Generation, Fence: c.Fence, Plan: c.Plan, Task: c.Task,
		State: fleet.SiteLive, Pinned: c.Pinned, Previous: c.Previous, At: at.UTC(),
	}
}
