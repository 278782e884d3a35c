package aegir

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
)

// Lay implements hosting.Copies: it refuses what must not move, and writes the
// record of the generation.
func (b *Backend) Lay(ctx context.Context, c hosting.Copy) error {
	if err := able(c); err != nil {
		return err
	}
	if err := b.allowed(ctx, c, true); err != nil {
		return err
	}
	return b.Records.Note(ctx, c)
}

// able refuses what has no counterpart.
func able(c hosting.Copy) error {
	switch {
	case c.Backup != "":
		return refused("restore backups on command")
	case c.Source != "":
		return refused("clone sites under another address")
	case c.Has != nil:
		return refused("take sites over by their directory")
	case c.Rehearsal:
		return refused("rehearse moves")
	}
	return nil
}

// allowed checks what only Aegir's web forms check, or nobody. look has stale
// package data verified anew; without, it is the quick repetition just before the
// task, and the platforms' data is as fresh as it was then. A lock never stops a
// way back; one that we carried over to Aegir does not stop what runs already.
func (b *Backend) allowed(ctx context.Context, c hosting.Copy, look bool) error {
	target, err := b.platform(ctx, c.Platform)
	if err != nil {
		return err
	}
	switch {
	case target.Status == Off && !c.Takes && (c.From == 0 || !b.lockedByUs(c.Platform)):
		return fleet.Errorf(fleet.Refused, "Platform %s is locked in Aegir.", c.Platform)
	case target.Status == Queued || target.Verified.IsZero():
		return fleet.Errorf(fleet.Refused, "Platform %s was not verified in Aegir.", c.Platform)
	}
	if c.From == 0 {
		return nil
	}
	s, err := b.site(ctx, c.URI)
	if err != nil {
		return err
	}
	if s.Platform.name(b.ours()) == c.Platform {
		return nil // moved already, by an earlier attempt
	}
	if err := b.idle(ctx, s); err != nil || c.Takes {
		return err // a way back may lower schemas: the data that comes back has them
	}
	if look && time.Since(target.Verified) > orDefault(b.Fresh, defaultFresh) {
		if err := b.verify(ctx, target.NID, target.Context, c.Log); err != nil {
			return err
		}
	}
	if look {
		if _, err := b.fresh(ctx, s, c.Log); err != nil {
			return err
		}
	}
	return b.fits(ctx, s, target)
}

// fits compares the packages of a site with those of its target.
func (b *Backend) fits(ctx context.Context, s Site, target Platform) error {
	all, err := Packages(ctx, b.Tasks, s.NID, s.Platform.NID, target.NID)
	if err != nil {
		return err
	}
	by := byNode(all)
	old := by[s.Platform.NID]
	own := func(p Package) bool { // in the site's own directory: it moves with it
		return !slices.ContainsFunc(old, func(q Package) bool { return q.Type == p.Type && q.Name == p.Name })
	}
	return refuse(s.URI, Blocks(by[s.NID], by[target.NID], own))
}

// idle waits while a task of the site is queued or runs, ours or a person's, and
// refuses if that takes long: Aegir itself would let two moves of one site overlap.
// After each move it queues a verify of its own.
func (b *Backend) idle(ctx context.Context, s Site) error {
	for over := time.Now().Add(orDefault(b.Idle, defaultIdle)); ; {
		open, err := b.open(ctx, s)
		switch {
		case err != nil || open == "":
			return err
		case !time.Now().Before(over):
			return fleet.Errorf(fleet.Refused, "Aegir has an open task of %s: %s.", s.URI, fleet.Clean(open, 80)).
				WithHint("Wait for its end, or cancel it in Aegir, then try again.")
		}
		if err := pause(ctx, orDefault(b.Tasks.Poll, defaultPoll)); err != nil {
			return err
		}
	}
}

// open names a task of the site that is queued or runs, "" if there is none.
func (b *Backend) open(ctx context.Context, s Site) (string, error) {
	found := ""
	columns := []string{"t.nid", "t.task_type"}
	rest := fmt.Sprintf("hosting_task t JOIN node n ON n.vid=t.vid WHERE t.rid=%d AND t.task_status IN (%d,%d)", s.NID, taskQueued, taskRuns)
	err := b.Tasks.Query(ctx, Select(columns, rest), len(columns), func(row []string) error {
		found = row[1] + " (node " + row[0] + ")"
		return nil
	})
	return found, err
}

// Fill implements hosting.Copies: a new site is registered and installed, of
// another one a backup is taken and kept.
func (b *Backend) Fill(ctx context.Context, c hosting.Copy) (hosting.Amount, error) {
	if err := able(c); err != nil {
		return hosting.Amount{}, err
	}
	err := b.guard(ctx, c, func() error {
		if c.From == 0 {
			return b.install(ctx, c)
		}
		s, err := b.site(ctx, c.URI)
		if err != nil || s.Platform.name(b.ours()) == c.Platform {
			return err // moved already: what is there now is not the old generation
		}
		return b.backup(ctx, c, s, c.From)
	})
	if err != nil {
		return hosting.Amount{}, err
	}
	return b.Size(ctx, c.URI, c.Generation)
}

// kept is how the backup of a generation is described.
func kept(generation int64) string { return fmt.Sprintf("distrobot generation %d", generation) }

// backup keeps the data of a generation, which visitors cannot write to now.
func (b *Backend) backup(ctx context.Context, c hosting.Copy, s Site, generation int64) error {
	w := Work{Op: act(c, "backup"), Of: s.NID, Type: "backup", Log: c.Log}
	if err := b.task(ctx, w, "@"+string(c.URI), "description="+kept(generation)); err != nil {
		return err
	}
	_, err := b.backupOf(ctx, s, generation)
	return err
}

// backupOf finds the newest backup of a generation.
func (b *Backend) backupOf(ctx context.Context, s Site, generation int64) (int64, error) {
	rest := fmt.Sprintf("hosting_site_backups WHERE site=%d AND description=%s", s.NID, literal(kept(generation)))
	var bid int64
	err := b.Tasks.Query(ctx, Select([]string{"COALESCE(MAX(bid),0)"}, rest), 1, func(row []string) (err error) {
		bid, err = strconv.ParseInt(row[0], 10, 64)
		return err
	})
	if err == nil && bid == 0 {
		err = fleet.Errorf(fleet.Failed, "Aegir has no backup of generation %d of %s.", generation, s.URI)
	}
	return bid, err
}

// Run implements hosting.Copies: the one migrate. What the application's kind
// would run here, Aegir does.
func (b *Backend) Run(ctx context.Context, c hosting.Copy, _ func(hosting.Place) []hosting.Program, log func(string)) error {
	c.Log = log
	return b.guard(ctx, c, func() error {
		if c.From == 0 {
			return nil // installed by Fill
		}
		m, moving, err := b.motion(c.URI)
		if err == nil && (!moving || m.To != c.Generation) { // else it may run already
			err = b.allowed(ctx, c, false)
		}
		if err != nil {
			return err
		}
		return b.migrate(ctx, c, motion{From: c.From, To: c.Generation, ToPlatform: c.Platform}, "migrate")
	})
}

// migrate moves a site to the platform of c by exactly one task, whatever died
// before. It is done when Aegir's tables say so, not when the task does.
func (b *Backend) migrate(ctx context.Context, c hosting.Copy, m motion, what string) error {
	s, err := b.site(ctx, c.URI)
	if err != nil {
		return err
	}
	target, err := b.platform(ctx, c.Platform)
	if err != nil {
		return err
	}
	if err := b.move(c.URI, m); err != nil {
		return hosting.Explain("note the move", err)
	}
	w := Work{Op: act(c, what), Of: s.NID, Type: "migrate", Log: c.Log}
	if known, err := b.Tasks.known(ctx, w.Op); err != nil || !known && s.Platform.NID == target.NID {
		return err
	}
	err = b.task(ctx, w, "@"+string(c.URI), fmt.Sprintf("target_platform=%d", target.NID), "new_uri="+string(c.URI), fmt.Sprintf("new_db_server=%d", s.DBServer))
	if err != nil {
		return err
	}
	after, err := b.site(ctx, c.URI)
	if err == nil && (after.Platform.NID != target.NID || !after.On()) {
		err = fleet.Errorf(fleet.Failed, "Aegir's task succeeded, but %s is on platform %s.", c.URI, after.Platform.name(b.ours()))
	}
	return err
}

// Cron implements hosting.Copies: regular work is Aegir's own business.
func (b *Backend) Cron(context.Context, hosting.Copy) error { return nil }

// Abandon implements hosting.Copies.
func (b *Backend) Abandon(ctx context.Context, c hosting.Copy) error {
	if c.Rehearsal {
		return nil
	}
	m, moving, err := b.motion(c.URI)
	if err != nil {
		return err
	}
	if moving && m.To == c.Generation { // Aegir itself has gone back
		s, err := b.site(ctx, c.URI)
		if err != nil {
			return err
		}
		if m.at(s.Platform.name(b.ours())) == c.Generation {
			return fleet.Errorf(fleet.Conflict, "Generation %d of %s is where the site is.", c.Generation, c.URI)
		}
		if err := b.rest(c.URI); err != nil {
			return err
		}
	}
	return b.Records.Abandon(ctx, c)
}

// Tidy implements hosting.Copies. Aegir's backups are left to Aegir; what we knew
// of ended tasks is forgotten after a month.
func (b *Backend) Tidy(ctx context.Context, c hosting.Copy) error {
	if err := b.Records.Tidy(ctx, c); err != nil {
		return err
	}
	_, err := b.Tasks.shell(ctx, `find "$1/.distrobot" -mindepth 1 -maxdepth 1 -type d -mtime +30 -exec rm -rf {} + 2>/dev/null || :`, b.Tasks.Home)
	return told(err)
}

// Take implements hosting.Handover: the site goes to the old platform, and the
// backup of the kept generation is restored there. What is left gets a backup
// too, so that a way back leads to it.
func (b *Backend) Take(ctx context.Context, c hosting.Copy) error {
	if c.From == 0 || len(c.Previous) == 0 {
		return fleet.Errorf(fleet.Invalid, "There is no kept generation of %s to take.", c.URI)
	}
	left := c.Previous[0].Generation
	return b.guard(ctx, c, func() error {
		s, err := b.site(ctx, c.URI)
		if err != nil {
			return err
		}
		if _, err := b.backupOf(ctx, s, c.From); err != nil {
			return err // before anything is moved
		}
		if s.Platform.name(b.ours()) != c.Platform {
			if err := b.backup(ctx, c, s, left); err != nil {
				return err
			}
		}
		if err := b.migrate(ctx, c, motion{From: left, To: c.Generation, ToPlatform: c.Platform}, "migrate"); err != nil {
			return err
		}
		return b.restore(ctx, c, c.From, "restore")
	})
}

// restore brings the data of a generation back onto the platform where the site
// is.
func (b *Backend) restore(ctx context.Context, c hosting.Copy, generation int64, what string) error {
	s, err := b.site(ctx, c.URI)
	if err != nil {
		return err
	}
	bid, err := b.backupOf(ctx, s, generation)
	if err != nil {
		return err
	}
	w := Work{Op: act(c, what), Of: s.NID, Type: "restore", Log: c.Log}
	return b.task(ctx, w, "@"+string(c.URI), fmt.Sprintf("bid=%d", bid))
}

// Return implements hosting.Handover: the way back of a rollback has restored
// what was left before (see Switch).
func (b *Backend) Return(ctx context.Context, c hosting.Copy) error {
	return b.guard(ctx, c, func() error { return nil })
}
