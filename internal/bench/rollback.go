package bench

import (
	"context"
	"fmt"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

// rollback measures how long visitors wait while a real WordPress site returns to
// the copy that was kept, as the journal has it, with a database of 1 MB and with
// one of 500 MB; the row is the longer one, in seconds.
func rollback() Measurement {
	return Measurement{Names: []string{"rollback"}, Run: runRollback}
}

const rollbackRounds = 7

func runRollback(ctx context.Context, b *B) ([]Row, error) {
	h, err := startHosted(ctx, b.Dir)
	if err != nil {
		return nil, err
	}
	defer h.end()
	p, err := h.publish(ctx)
	if err != nil {
		return nil, err
	}
	row := Row{Name: "rollback", Bound: 0.5}
	for _, uri := range []fleet.URI{"small.example", "large.example"} {
		source, err := h.create(ctx, uri, p.old)
		if err != nil {
			return nil, err
		}
		if uri == "large.example" {
			if err := h.db.fill(ctx, source); err != nil {
				return nil, err
			}
		}
		size, err := h.db.engine.Size(ctx, source)
		if err != nil {
			return nil, err
		}
		up, err := h.move(ctx, fleet.TaskMigrate, uri, p.new)
		if err != nil {
			return nil, err
		}
		moves, err := h.backAndForth(ctx, uri, p)
		if err != nil {
			return nil, err
		}
		window := medianOf(moves, windowOf)
		b.Note("rollback of %.1f MB: visitors wait %.0f ms, the whole task takes %.0f ms; the upgrade before had them wait %.1f s; in it%s",
			float64(size)/1e6, ms(window), ms(medianOf(moves, wholeOf)), up.window.Seconds(), moves[0].parts())
		row.Value = max(row.Value, window.Seconds())
	}
	return []Row{row}, nil
}

// backAndForth rolls a site back that has just been upgraded, and the rollback
// back, and so on. Each makes a generation that PHP has never seen.
func (h *hosted) backAndForth(ctx context.Context, uri fleet.URI, p hostedPlatforms) ([]moved, error) {
	var moves []moved
	to := p.old
	for round := range rollbackRounds {
		if err := syncVolume(h.dir); err != nil { // the disk comes to rest
			return nil, err
		}
		m, err := h.move(ctx, fleet.TaskRollback, uri, to)
		if err != nil {
			return nil, fmt.Errorf("rollback %d: %w", round, err)
		}
		moves = append(moves, m)
		if to = p.new; round%2 == 1 {
			to = p.old
		}
	}
	return moves, nil
}

func windowOf(m moved) time.Duration { return m.window }
func wholeOf(m moved) time.Duration  { return m.whole }
