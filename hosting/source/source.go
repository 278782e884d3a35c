// Package source turns repositories into trees. Each source is one file and one
// line in All.
package source

import (
	"github.com/distrobot/distrobot/hosting"
	"github.com/distrobot/distrobot/internal/mirror"
)

// Options are what sources need of this host. Only Mirrors is needed by all.
type Options struct {
	Mirrors *mirror.Store
	// Lister and Files are needed to build from makefiles, under the same Policy
	// as Mirrors.
	Lister   *mirror.Lister
	Files    *mirror.Downloader
	Releases Releases
	Composer Composer
	// Share says how builds from git use the files of the distribution's earlier
	// tree; see mirror.Share for when hard links are right.
	Share mirror.Share
}

// policy says what may be contacted.
func (o Options) policy() mirror.Policy { return o.Mirrors.Policy }

// All lists the sources of this host.
func All(o Options) []hosting.Source {
	return []hosting.Source{
		&git{mirrors: o.Mirrors, share: o.Share},
		directory{},
		&drush{o: o},
		&composer{o: o},
	}
}
