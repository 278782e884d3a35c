package main

import (
	"context"
	"errors"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

// storageEvery is how often a bot looks whether the storage keeps what it is
// given: one or two small requests.
const storageEvery = 5 * time.Second

// mindStorage tells the channel when Redis would lose what people approve, and
// when it is well again, and has messages sent again when another Redis answers
// than before: it may be without the last writes. A Redis that was emptied ends the process (mindEpoch);
// the next one finds sites that Redis does not know (forgotten).
func (a *app) mindStorage(ctx context.Context) error {
	custody := fleet.Custody{Store: a.store, Channel: a.cfg.Channel}
	said := ""
	return every(ctx, a.log, loop{name: "storage", interval: storageEvery, run: func(ctx context.Context) error {
		var wrong *fleet.Error
		if err := a.store.Keeps(ctx); fleet.CodeOf(err) == fleet.Refused {
			errors.As(err, &wrong)
		} else if err != nil {
			return err
		}
		if text := sentence(wrong); text != said {
			if said = text; text != "" {
				a.log.Error("nothing can be approved", "why", text)
			} else {
				a.log.Info("Redis keeps what is approved again")
			}
		}
		return errors.Join(custody.Tell(ctx, wrong), a.mindServer(ctx))
	}})
}

// mindServer has the messages of all that is open sent again when Redis was
// started again or another one took over.
func (a *app) mindServer(ctx context.Context) error {
	id, err := a.store.Server(ctx)
	if err != nil {
		return err
	}
	n, err := (&fleet.Redrawer{Store: a.store}).Look(ctx, id)
	if n > 0 {
		a.log.Warn("another Redis answers than before, it may lack the last writes: what is open is shown again", "messages", n)
	}
	return err
}

func sentence(e *fleet.Error) string {
	if e == nil {
		return ""
	}
	return e.Text + " " + e.Hint
}

// mindStorage lets visitors in to sites whose task nobody knows any more, and
// says so when this host has sites of which Redis knows none.
func (w *worker) mindStorage(ctx context.Context) error {
	if err := w.forgotten(ctx); err != nil && ctx.Err() == nil {
		w.app.log.Warn("it cannot be told yet whether Redis knows this host's sites", "err", err)
	}
	return every(ctx, w.app.log, loop{name: "stranded sites", interval: 2 * time.Second, run: func(ctx context.Context) error {
		_, err := w.strand.Sweep(ctx)
		return err
	}})
}

// forgotten looks once, at the start.
func (w *worker) forgotten(ctx context.Context) error {
	records, err := w.backend.All(ctx)
	if err != nil || len(records) == 0 {
		return err
	}
	rows := make([]fleet.Record, len(records))
	for i, r := range records {
		rows[i] = &fleet.Site{URI: r.URI}
	}
	found, err := w.app.store.Read(ctx, rows...)
	if err != nil {
		return err
	}
	for _, known := range found {
		if known {
			return nil
		}
	}
	w.app.log.Error("this host has sites of which Redis knows none: was it emptied? rebuild with `distrobot restore FILE`, or `distrobot do \"site adopt --all\"`", "sites", len(records))
	custody := fleet.Custody{Store: w.app.store, Channel: w.app.cfg.Channel}
	return custody.Emptied(ctx, "host/"+string(w.host))
}
