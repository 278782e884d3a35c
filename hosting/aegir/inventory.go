package aegir

import (
	"context"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

// States of platforms and sites in the hostmaster's tables.
const (
	Deleted = -2
	Off     = -1 // a platform is locked, a site disabled
	Queued  = 0  // never verified
	Enabled = 1
)

// A Platform is one of Aegir's.
type Platform struct {
	NID      int64
	Context  string // without @: "platform_d7105"
	Root     string // its docroot
	Status   int
	Verified time.Time // last good verify; zero if never
}

// A Site is one of Aegir's.
type Site struct {
	NID      int64
	URI      fleet.URI
	Status   int
	Verified time.Time
	DBServer int64 // node of its database server
	Profile  string
	Platform Platform
}

// On reports whether Aegir serves a site. One that was imported stays queued for
// ever, since only an install or enable task changes that; it is served all the
// same once it was verified.
func (s Site) On() bool { return s.Status == Enabled || s.Status == Queued && !s.Verified.IsZero() }

// A Package is a module, theme or profile that the last verify of a site or of a
// platform found.
type Package struct {
	Of      int64  // node of the site or platform
	Type    string // as in Aegir: "module", "theme", "profile", "platform" (core), "engine"
	Name    string
	Version string
	Schema  int
	Enabled bool
}

// siteColumns and siteTables join each node with its newest revision: the tables
// keep one row for each. A site without a context was deleted, whatever its status
// says: a task that was left queued revives that.
var siteColumns = []string{
	"n.nid", "n.title", "s.status", "s.verified", "s.db_server", "COALESCE(k.short_name,'')",
	"COALESCE(p.nid,0)", "COALESCE(c.name,'')", "COALESCE(p.publish_path,'')", "COALESCE(p.status,-2)", "COALESCE(p.verified,0)",
}

const siteTables = "hosting_site s JOIN node n ON n.vid=s.vid JOIN hosting_context x ON x.nid=n.nid LEFT JOIN node pn ON pn.nid=s.platform " +
	"LEFT JOIN hosting_platform p ON p.vid=pn.vid LEFT JOIN hosting_context c ON c.nid=s.platform " +
	"LEFT JOIN node kn ON kn.nid=s.profile LEFT JOIN hosting_package k ON k.vid=kn.vid WHERE s.status<>-2"

// hostmaster is the profile of Aegir's own site, which is nobody's to move.
const hostmaster = "hostmaster"

// Sites reads all sites but Aegir's own, or the one with that address.
func Sites(ctx context.Context, q Querier, only fleet.URI) ([]Site, error) {
	all, err := allSites(ctx, q, only)
	return slices.DeleteFunc(all, func(s Site) bool { return s.Profile == hostmaster }), err
}

func allSites(ctx context.Context, q Querier, only fleet.URI) ([]Site, error) {
	rest := siteTables
	if only != "" {
		rest += " AND n.title=" + literal(string(only))
	}
	var out []Site
	err := q.Query(ctx, Select(siteColumns, rest), len(siteColumns), func(row []string) error {
		r := reader{row: row}
		s := Site{NID: r.number(), URI: fleet.URI(r.text()), Status: int(r.number()), Verified: r.time(), DBServer: r.number(), Profile: r.text(), Platform: r.platform()}
		out = append(out, s)
		return r.err
	})
	return out, err
}

var platformColumns = []string{"p.nid", "COALESCE(c.name,'')", "COALESCE(p.publish_path,'')", "p.status", "p.verified"}

// Platforms reads all platforms.
func Platforms(ctx context.Context, q Querier) ([]Platform, error) {
	var out []Platform
	rest := "hosting_platform p JOIN node n ON n.vid=p.vid LEFT JOIN hosting_context c ON c.nid=p.nid WHERE p.status<>-2"
	err := q.Query(ctx, Select(platformColumns, rest), len(platformColumns), func(row []string) error {
		r := reader{row: row}
		out = append(out, r.platform())
		return r.err
	})
	return out, err
}

var packageColumns = []string{"i.rid", "k.package_type", "k.short_name", "COALESCE(i.version,'')", "COALESCE(i.schema_version,0)", "i.status"}

// Packages reads what the last verify found of some sites and platforms, all if
// none is named. Packages in a site's own directory move with it.
func Packages(ctx context.Context, q Querier, of ...int64) ([]Package, error) {
	rest := "hosting_package_instance i JOIN hosting_package k ON k.nid=i.package_id JOIN node n ON n.vid=k.vid"
	if len(of) > 0 {
		var list []string
		for _, nid := range of {
			list = append(list, strconv.FormatInt(nid, 10))
		}
		rest += " WHERE i.rid IN (" + strings.Join(list, ",") + ")"
	}
	var out []Package
	names := map[string]string{} // the same few names and versions, thousands of times
	known := func(s string) string {
		if have, ok := names[s]; ok {
			return have
		}
		names[s] = s
		return s
	}
	err := q.Query(ctx, Select(packageColumns, rest), len(packageColumns), func(row []string) error {
		r := reader{row: row}
		out = append(out, Package{Of: r.number(), Type: known(r.text()), Name: known(r.text()), Version: known(r.text()), Schema: int(r.number()), Enabled: r.number() == 1})
		return r.err
	})
	return out, err
}

// An Inventory is all of Aegir that distrobot works with, at one time.
type Inventory struct {
	Platforms []Platform
	Sites     []Site
	Packages  map[int64][]Package // by node, sorted by type and name
}

// Sync reads the whole inventory by three statements. Aegir's own site and the
// platform under it are left out.
func Sync(ctx context.Context, q Querier) (Inventory, error) {
	var v Inventory
	platforms, err := Platforms(ctx, q)
	if err != nil {
		return v, err
	}
	sites, err := allSites(ctx, q, "")
	if err != nil {
		return v, err
	}
	under := map[int64]bool{}
	for _, s := range sites {
		if s.Profile == hostmaster {
			under[s.Platform.NID] = true
		} else {
			v.Sites = append(v.Sites, s)
		}
	}
	for _, p := range platforms {
		if !under[p.NID] {
			v.Platforms = append(v.Platforms, p)
		}
	}
	all, err := Packages(ctx, q)
	if err != nil {
		return v, err
	}
	v.Packages = byNode(all)
	return v, nil
}

func byNode(all []Package) map[int64][]Package {
	out := map[int64][]Package{}
	for _, p := range all {
		out[p.Of] = append(out[p.Of], p)
	}
	for _, list := range out {
		slices.SortFunc(list, func(a, b Package) int {
			if c := strings.Compare(a.Type, b.Type); c != 0 {
				return c
			}
			return strings.Compare(a.Name, b.Name)
		})
	}
	return out
}

// A reader takes the columns of a row one after another.
type reader struct {
	row []string
	err error
}

func (r *reader) text() string {
	if len(r.row) == 0 {
		return ""
	}
	s := r.row[0]
	r.row = r.row[1:]
	return s
}

func (r *reader) number() int64 {
	text := r.text()
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil && r.err == nil {
		r.err = fleet.Errorf(fleet.Failed, "Aegir's database has %q where a number is expected.", fleet.Clean(text, 40))
	}
	return n
}

func (r *reader) time() time.Time {
	if n := r.number(); n > 0 {
		return time.Unix(n, 0)
	}
	return time.Time{}
}

func (r *reader) platform() Platform {
	return Platform{NID: r.number(), Context: r.text(), Root: r.text(), Status: int(r.number()), Verified: r.time()}
}

// name is what distrobot calls a platform: the directory below ours, or for one
// that was there before what people see in Aegir.
func (p Platform) name(ours string) fleet.PlatformName {
	if below, ok := p.below(ours); ok {
		return fleet.PlatformName(below)
	}
	return fleet.PlatformName(strings.TrimPrefix(p.Context, "platform_"))
}

// below gives the directory below ours that a platform is in.
func (p Platform) below(ours string) (string, bool) {
	below, ok := strings.CutPrefix(path.Clean(p.Root)+"/", ours+"/")
	first, _, _ := strings.Cut(below, "/")
	return first, ok
}
