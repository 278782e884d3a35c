package bench

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/distrobot/distrobot/hosting/aegir"
)

// aegirSync measures our own share of reading all of an Aegir: what its database
// and drush need is theirs. The bound is in seconds, for a machine that has
// nothing else to do.
func aegirSync() Measurement {
	return Measurement{Names: []string{"aegir-sync"}, Run: runAegirSync}
}

// The size of the installation, and how many packages a verify finds of each.
const (
	aegirSites, aegirPlatforms, aegirPackages = 2000, 60, 120
	aegirBound                                = 2.0
)

func runAegirSync(ctx context.Context, b *B) ([]Row, error) {
	db := newAnswers()
	begin := time.Now()
	v, err := aegir.Sync(ctx, db)
	if err != nil {
		return nil, err
	}
	took := time.Since(begin)
	if len(v.Sites) != aegirSites || len(v.Platforms) != aegirPlatforms || len(v.Packages) != aegirSites+aegirPlatforms {
		return nil, fmt.Errorf("read %d sites, %d platforms and packages of %d", len(v.Sites), len(v.Platforms), len(v.Packages))
	}
	blocked := 0
	for _, s := range v.Sites { // and a comparison of each with another platform
		target := v.Platforms[(s.NID+1)%aegirPlatforms]
		blocked += len(aegir.Blocks(v.Packages[s.NID], v.Packages[target.NID], nil))
	}
	compared := time.Since(begin)
	b.Note("aegir-sync %d sites, %d platforms, %d package rows, %d MB: read in %.2f s by %d statements, all compared after %.2f s (%d findings)",
		len(v.Sites), len(v.Platforms), (aegirSites+aegirPlatforms)*aegirPackages, db.bytes>>20, took.Seconds(), db.statements, compared.Seconds(), blocked)
	return []Row{{Name: "aegir-sync", Value: compared.Seconds(), Bound: aegirBound}}, nil
}

// answers is a hostmaster's database that has its answers ready, as drush
// sql-query prints them.
type answers struct {
	sites, platforms, packages []byte
	statements, bytes          int
}

func newAnswers() *answers {
	var a answers
	var sites, platforms, packages bytes.Buffer
	for p := range aegirPlatforms {
		fmt.Fprintf(&platforms, "%d\tplatform_d%d\t/var/aegir/platforms/d-7.%d\t1\t1795000000\t.\n", p, p, p)
		packageRows(&packages, p, p)
	}
	for s := range aegirSites {
		nid, p := 1000+s, s%aegirPlatforms
		fmt.Fprintf(&sites, "%d\tsite%d.example.org\t1\t1795000000\t4\tstandard\t%d\tplatform_d%d\t/var/aegir/platforms/d-7.%d\t1\t1795000000\t.\n", nid, s, p, p, p)
		packageRows(&packages, nid, p)
	}
	a.sites, a.platforms, a.packages = sites.Bytes(), platforms.Bytes(), packages.Bytes()
	return &a
}

func packageRows(out *bytes.Buffer, nid, minor int) {
	for k := range aegirPackages {
		fmt.Fprintf(out, "%d\tmodule\tmodule_%d\t7.x-%d.%d\t%d\t%d\t.\n", nid, k, 1+k%4, minor, 7000+minor, 1-k%2)
	}
}

// Query implements aegir.Querier.
func (a *answers) Query(_ context.Context, statement string, columns int, each func([]string) error) error {
	text := a.packages
	switch _, from, _ := strings.Cut(statement, " FROM "); {
	case strings.HasPrefix(from, "hosting_site "):
		text = a.sites
	case strings.HasPrefix(from, "hosting_platform "):
		text = a.platforms
	}
	a.statements++
	a.bytes += len(text)
	return aegir.ReadRows(bytes.NewReader(text), columns, each)
}
