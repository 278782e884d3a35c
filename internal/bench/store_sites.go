package bench

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/store"
	"github.com/distrobot/distrobot/store/storetest"
)

// storeSites fills a real redis-server with 100,000 sites on 200 platforms of
// 20 distributions and measures what they cost: bytes of Redis memory a site
// (its row and its index entries), and the time Redis itself works for one
// digest, milliseconds.
func storeSites() Measurement {
	return Measurement{Names: []string{"digest", "site-bytes", "import"}, Run: runStoreSites}
}

const (
	manySites        = 100_000
	manyDists        = 20
	platformsPerDist = 10
	sitesPerCommit   = 200
	digestRounds     = 21
)

func runStoreSites(ctx context.Context, b *B) ([]Row, error) {
	s, err := store.Open(ctx, store.Options{URL: "local", DataDir: b.Dir, Key: []byte("bench"), Start: storetest.Launch,
		Remember: time.Second, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, err
	}
	defer s.Close()
	if err := putPlatforms(ctx, s); err != nil {
		return nil, err
	}
	before, err := usedMemory(ctx, s)
	if err != nil {
		return nil, err
	}
	begin := time.Now()
	if err := putSites(ctx, s); err != nil {
		return nil, err
	}
	imported := time.Since(begin)
	after, err := usedMemory(ctx, s)
	if err != nil {
		return nil, err
	}
	engine, wall, err := timeDigest(ctx, s)
	if err != nil {
		return nil, err
	}
	b.Note("digest %d sites, %d platforms: Redis works %.2f ms, wall %.2f ms", manySites, manyDists*platformsPerDist, engine, wall)
	rate, err := importRow(ctx, b, s, imported)
	return []Row{
		{Name: "digest", Value: engine, Bound: 5},
		{Name: "site-bytes", Value: float64(after-before) / manySites, Bound: 520},
		rate,
	}, err
}

// putPlatforms makes the distributions and their platforms; the last platform
// of each is the target.
func putPlatforms(ctx context.Context, s *store.Store) error {
	return s.Update(ctx, fleet.Catalogue, func(tx fleet.Tx) error {
		for d := range manyDists {
			dist := fleet.Distribution{Name: fleet.DistName(fmt.Sprintf("atrium%02d", d)), Kind: "drupal"}
			if _, err := tx.Get(&fleet.Distribution{Name: dist.Name}); err != nil {
				return err
			}
			for p := range platformsPerDist {
				plat := fleet.Platform{Name: platformName(d*platformsPerDist + p), Distribution: dist.Name, Kind: "drupal",
					State: fleet.PlatformReady, Created: tx.Now(), TreeDigest: strings.Repeat("a", 64)}
				if _, err := tx.Get(&fleet.Platform{Name: plat.Name}); err != nil {
					return err
				}
				tx.Put(&plat)
				dist.Target = plat.Name
			}
			tx.Put(&dist)
		}
		return nil
	})
}

func platformName(n int) fleet.PlatformName {
	return fleet.PlatformName(fmt.Sprintf("atrium%02d-7.x-%d.%d", n/platformsPerDist, 3+n%platformsPerDist, 24))
}

// putSites imports the sites, by four workers.
func putSites(ctx context.Context, s *store.Store) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(4)
	for from := 0; from < manySites; from += sitesPerCommit {
		g.Go(func() error {
			return s.Update(ctx, fleet.Catalogue, func(tx fleet.Tx) error {
				for n := from; n < from+sitesPerCommit; n++ {
					site := typicalSite(n, tx.Now())
					if _, err := tx.Get(&fleet.Site{URI: site.URI}); err != nil {
						return err
					}
					tx.Put(&site)
				}
				return nil
			})
		})
	}
	return g.Wait()
}

// typicalSite has been moved once, has a database and one tag, and is locked by
// nobody.
func typicalSite(n int, now time.Time) fleet.Site {
	return fleet.Site{
		URI: fleet.URI(fmt.Sprintf("site%06d.customers.example.org", n)), ID: fmt.Sprintf("01k0q8x3h2zr7m4w5t%08d", n),
		Platform: platformName(n % (manyDists * platformsPerDist)), From: platformName((n + 1) % (manyDists * platformsPerDist)),
		Tags: []string{"production"}, Host: "web12", Kind: "drupal", Database: fmt.Sprintf("mysql/site%06d/site%06d", n, n),
		Generation: 2, Previous: 1, KeptUntil: now.Add(time.Hour), State: fleet.SiteLive,
		Lock: fleet.SiteLock{Fence: 1<<32 + 2}, Created: now,
	}
}

// usedMemory waits until the ids of commits are forgotten, then reads what
// Redis has allocated, without the buffers of connections and of its file.
func usedMemory(ctx context.Context, s *store.Store) (int64, error) {
	timer := time.NewTimer(2 * time.Second)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	for last := int64(-1); ; time.Sleep(300 * time.Millisecond) {
		info, err := s.Client().Info(ctx, "memory").Result()
		if err != nil {
			return 0, err
		}
		var used [3]int64
		for i, name := range []string{"used_memory:", "mem_clients_normal:", "mem_aof_buffer:"} {
			if used[i], err = infoField(info, name); err != nil {
				return 0, err
			}
		}
		now := used[0] - used[1] - used[2]
		if now == last { // Redis drops what has expired bit by bit
			return now, nil
		}
		last = now
	}
}

// timeDigest gives the median time of one digest: that Redis worked, and that
// passed, both in milliseconds.
func timeDigest(ctx context.Context, s *store.Store) (engine, wall float64, err error) {
	catalog := &fleet.Catalog{Store: s}
	var engines, walls []time.Duration
	for range digestRounds {
		if err := s.Client().ConfigResetStat(ctx).Err(); err != nil {
			return 0, 0, err
		}
		begin := time.Now()
		standing, err := catalog.Standing(ctx)
		if err != nil {
			return 0, 0, err
		}
		walls = append(walls, time.Since(begin))
		sites := 0
		for _, st := range standing {
			sites += st.OutOfDate + st.OnTarget
		}
		if sites != manySites {
			return 0, 0, fmt.Errorf("the digest counts %d sites", sites)
		}
		spent, err := engineTime(ctx, s)
		if err != nil {
			return 0, 0, err
		}
		engines = append(engines, spent)
	}
	return ms(Median(engines)), ms(Median(walls)), nil
}

// engineTime sums the time of all commands since the statistics were reset.
func engineTime(ctx context.Context, s *store.Store) (time.Duration, error) {
	info, err := s.Client().Info(ctx, "commandstats").Result()
	if err != nil {
		return 0, err
	}
	var sum time.Duration
	for line := range strings.Lines(info) {
		if _, rest, ok := strings.Cut(line, "usec="); ok && !slices.Contains([]string{"cmdstat_info", "cmdstat_config|resetstat"}, line[:strings.Index(line, ":")]) {
			us, err := strconv.ParseInt(rest[:strings.IndexByte(rest, ',')], 10, 64)
			if err != nil {
				return 0, fmt.Errorf("commandstats: %w", err)
			}
			sum += time.Duration(us) * time.Microsecond
		}
	}
	return sum, nil
}

// infoField reads a number of Redis' INFO.
func infoField(info, name string) (int64, error) {
	for line := range strings.Lines(info) {
		if v, ok := strings.CutPrefix(line, name); ok {
			return strconv.ParseInt(strings.TrimSpace(v), 10, 64)
		}
	}
	return 0, fmt.Errorf("INFO has no %s", name)
}
