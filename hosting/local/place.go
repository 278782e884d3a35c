package local

import (
	"net"
	"os"
	"path/filepath"
	"strconv"

	"github.com/distrobot/distrobot/hosting"
)

// place is a generation as its programs and settings see it. The site's lock is
// held: asking for a secret may make it.
func (b *Backend) place(s site, c hosting.Copy) (hosting.Place, error) {
	gen := s.genOf(c)
	p := hosting.Place{
		Copy: c, Root: filepath.Join(gen, "root"), Shared: s.path("shared"), Data: filepath.Join(gen, "versioned"),
		Quiet: c.Rehearsal, HTTPS: b.HTTPS, Secret: s.secret,
	}
	if c.App.Database == nil {
		return p, nil
	}
	r, err := record(gen)
	if os.IsNotExist(err) {
		r.Database, err = b.databaseOf(s, c)
	}
	if err != nil || r.Database == nil {
		return p, err
	}
	p.Database, err = b.access(s, *r.Database)
	return p, err
}

// values are what templates and programs of a site are told.
func values(p hosting.Place) map[string]string {
	v := map[string]string{
		"SITE_URI": string(p.URI), "SITE_ID": p.ID, "SITE_ROOT": p.Root, "SITE_PLATFORM": string(p.Platform),
		"SITE_GENERATION": strconv.FormatInt(p.Generation, 10), "SITE_URL": p.URL(),
		"SITE_SHARED": p.Shared, "SITE_DATA": p.Data,
	}
	d := p.Database
	if d == nil {
		return v
	}
	v["SITE_DB_ENGINE"], v["SITE_DB_NAME"], v["SITE_DB_USER"], v["SITE_DB_PASSWORD"] = d.Engine, d.Name, d.User, string(d.Password)
	v["SITE_DB_SOCKET"], v["SITE_DB_HOST"] = d.Socket, d.Host
	if d.Port != 0 {
		v["SITE_DB_PORT"] = strconv.Itoa(d.Port)
	}
	// What most PHP applications take for the server's address.
	switch {
	case d.Socket != "":
		v["SITE_DB_SERVER"] = "localhost:" + d.Socket
	case d.Port != 0:
		v["SITE_DB_SERVER"] = net.JoinHostPort(d.Host, v["SITE_DB_PORT"])
	default:
		v["SITE_DB_SERVER"] = d.Host
	}
	return v
}
