package bench

import (
	"context"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
	"golang.org/x/sync/errgroup"

	"github.com/distrobot/distrobot/store"
)

// rivalBatch is how many sites the rival sends in one pipeline; more does not
// make it faster.
const rivalBatch = 1000

// importRow compares the import of 100,000 sites with the least that any program
// can do: the same rows and index entries written by go-redis in plain pipelines,
// by as many workers, without reading what is there, guards or signatures.
func importRow(ctx context.Context, b *B, s *store.Store, ours time.Duration) (Row, error) {
	begin := time.Now()
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(4)
	for from := 0; from < manySites; from += rivalBatch {
		g.Go(func() error { return writePlainly(ctx, s.Client(), from, begin) })
	}
	if err := g.Wait(); err != nil {
		return Row{}, err
	}
	rival := time.Since(begin)
	b.Note("import %d sites, %d in a commit: %.0f a second; go-redis' plain pipelines: %.0f a second", manySites, sitesPerCommit,
		manySites/ours.Seconds(), manySites/rival.Seconds())
	return Row{Name: "import", Value: ours.Seconds() / rival.Seconds(), Bound: 4}, nil
}

// writePlainly writes the rows of a batch of sites, with the fields and indexes
// that the store gives them.
func writePlainly(ctx context.Context, c redis.Cmdable, from int, now time.Time) error {
	_, err := c.Pipelined(ctx, func(p redis.Pipeliner) error {
		for n := from; n < from+rivalBatch; n++ {
			site := typicalSite(n, now)
			p.HSet(ctx, "rival:{c}:site:"+string(site.URI), "rev", 1<<29+n, "j", "0123456789abcdef", "t", "production\n", "p", string(site.Platform),
				"h", string(site.Host), "k", string(site.Kind), "d", fmt.Sprintf("mysql/site%06d/=", n), "g", site.Generation, "v", site.Previous, "f", string(site.From),
				"u", site.KeptUntil.UnixMilli(), "s", string(site.State), "lf", site.Lock.Fence, "c", now.UnixMilli(), "m", "0123456789abcdef")
			for _, e := range site.Entries() {
				p.SAdd(ctx, "rival:{c}:ix:"+e.Index.Name, e.Member)
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("rival of the import: %w", err)
	}
	return nil
}
