package bench

import (
	"context"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

// migrate upgrades a small real WordPress site between two releases of Debian by
// the whole machinery: the journal in Redis, fences, the comparison of the cloned
// rows, syncs, the check of the new copy by PHP-FPM. The window is how long
// visitors were told to wait, as the journal has it, in seconds; the overhead is
// the window over the bare steps, done by hand in the same rounds.
func migrate() Measurement {
	return Measurement{Names: []string{"migrate-overhead", "migrate-window"}, Run: runMigrate}
}

const migrateRounds = 7

func runMigrate(ctx context.Context, b *B) ([]Row, error) {
	h, err := startHosted(ctx, b.Dir)
	if err != nil {
		return nil, err
	}
	defer h.end()
	p, err := h.publish(ctx)
	if err != nil {
		return nil, err
	}
	const uri = fleet.URI("small.example")
	source, err := h.create(ctx, uri, p.old)
	if err != nil {
		return nil, err
	}
	hand, err := h.newByHand(ctx, p, source)
	if err != nil {
		return nil, err
	}
	var steps []bare
	var moves []moved
	for round := range migrateRounds + 1 {
		if err := hand.prepare(ctx); err != nil {
			return nil, err
		}
		s, err := hand.upgrade(ctx)
		if err != nil {
			return nil, err
		}
		m, err := h.move(ctx, fleet.TaskMigrate, uri, p.new)
		if err != nil {
			return nil, err
		}
		// The copy that was kept has seen nothing of it: the next round is like this.
		if _, err := h.move(ctx, fleet.TaskRollback, uri, p.old); err != nil {
			return nil, err
		}
		if round > 0 {
			steps, moves = append(steps, s), append(moves, m)
		}
	}
	sum, window := medianOf(steps, bare.sum), medianOf(moves, windowOf)
	b.Note("migrate-overhead %d upgrades from %s to %s: visitors wait %.0f ms, the whole task takes %.0f ms; in one of them%s",
		migrateRounds, p.old, p.new, ms(window), ms(medianOf(moves, wholeOf)), moves[migrateRounds/2].parts())
	b.Note("migrate-overhead by hand %.0f ms: mariadb-dump | mariadb %.0f, php %.0f, a link renamed %.1f", ms(sum),
		ms(medianOf(steps, func(s bare) time.Duration { return s.clone })), ms(medianOf(steps, func(s bare) time.Duration { return s.update })),
		ms(medianOf(steps, func(s bare) time.Duration { return s.switched })))
	return []Row{
		{Name: "migrate-overhead", Value: window.Seconds() / sum.Seconds(), Bound: 1.10},
		{Name: "migrate-window", Value: window.Seconds(), Bound: 3},
	}, nil
}

// medianOf is the median of one figure of several rounds.
func medianOf[T any](rounds []T, figure func(T) time.Duration) time.Duration {
	all := make([]time.Duration, len(rounds))
	for i, r := range rounds {
		all[i] = figure(r)
	}
	return Median(all)
}
