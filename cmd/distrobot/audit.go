package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"text/tabwriter"
	"time"

	"github.com/distrobot/distrobot/commands"
	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/store"
)

// auditCmd works with the audit record. docs/audit.md says what is in it.
type auditCmd struct {
	Show    auditShowCmd    `cmd:"" default:"withargs" help:"Show the last events, newest first."`
	Verify  auditVerifyCmd  `cmd:"" help:"Walk the chain of hashes and say whether it is whole."`
	Anchor  auditAnchorCmd  `cmd:"" help:"Print what names the present end of the record, to keep elsewhere."`
	Export  auditExportCmd  `cmd:"" help:"Print events as JSON lines, oldest first."`
	Archive auditArchiveCmd `cmd:"" help:"Move old events into a file, with the chain intact."`
}

// auditFilter chooses events.
type auditFilter struct {
	Plan    string `help:"Of a plan: its votes, refusals and tasks."`
	Site    string `help:"About one site."`
	About   string `help:"About a platform, distribution, host or task."`
	Who     string `help:"By one person, by id or name."`
	What    string `help:"What the entry begins with: plan., task., asked., pressed."`
	Refused bool   `help:"Only what was refused."`
	Since   string `help:"Not before: 36h, 7d or a date."`
	Until   string `help:"Before: 36h, 7d or a date."`
}

// query reads the filter.
func (f auditFilter) query() (q fleet.AuditQuery, err error) {
	q = fleet.AuditQuery{Plan: fleet.PlanID(f.Plan), Site: fleet.URI(f.Site), About: f.About, Who: f.Who, What: f.What, Refused: f.Refused}
	if f.Since != "" {
		if q.Since, err = fleet.ParseSince(f.Since, time.Now()); err != nil {
			return q, usageError(err)
		}
	}
	if f.Until != "" {
		if q.Until, err = fleet.ParseSince(f.Until, time.Now()); err != nil {
			return q, usageError(err)
		}
	}
	return q, nil
}

func usageError(err error) error {
	return &exitError{code: exitUsage, text: failure(err).Message.Text}
}

type auditShowCmd struct {
	auditFilter
	Last   int    `default:"50" help:"How many events."`
	Before string `help:"Older than the event with this number, to page." placeholder:"N"`
}

// Run prints the newest events, newest first.
func (c auditShowCmd) Run(ctx context.Context) error {
	q, err := c.query()
	if err != nil {
		return err
	}
	return withStore(ctx, func(a *app) error {
		found, err := fleet.FindEvents(ctx, a.store, q, c.Before, max(c.Last, 1))
		if err != nil {
			return err
		}
		tw := tabwriter.NewWriter(os.Stdout, 0, 4, 2, ' ', 0)
		for _, e := range found.Events {
			who := e.Who.Name
			if who == "" {
				who = e.Who.ID
			}
			fmt.Fprintf(tw, "%d\t%s\t%s\t%s\t%s\t%s\t%s\n", e.Number, e.At.UTC().Format(time.RFC3339), plain(who),
				plain(commands.AuditWords(e)), plain(e.About), e.Via, plain(commands.AuditDetail(e)))
		}
		if err := tw.Flush(); err != nil {
			return err
		}
		if found.Before != "" {
			fmt.Fprintf(os.Stderr, "Older ones: --before %s\n", found.Before)
		}
		return nil
	})
}

type auditVerifyCmd struct {
	Anchor string `help:"What audit anchor printed before: the record must still hold it." placeholder:"N:MAC"`
	File   string `help:"Verify an export or an archive instead." placeholder:"FILE"`
}

// Run verifies the chain; a broken one is exit code 1.
func (c auditVerifyCmd) Run(ctx context.Context) error {
	return withStore(ctx, func(a *app) error {
		if c.File != "" {
			return c.file(a)
		}
		n, err := 0, error(nil)
		if c.Anchor == "" {
			n, err = a.store.Verify(ctx)
		} else {
			n, err = a.store.Anchored(ctx, c.Anchor)
		}
		if err != nil {
			return &exitError{code: exitFailed, text: failure(err).Message.Text}
		}
		fmt.Printf("The audit record is whole: %s.\n", fleet.Plural(n, "event", "events"))
		return nil
	})
}

// file verifies an export or an archive.
func (c auditVerifyCmd) file(a *app) error {
	f, err := os.Open(c.File)
	if err != nil {
		return err
	}
	defer f.Close()
	first, last, err := a.store.VerifyFile(f)
	if err != nil {
		return &exitError{code: exitFailed, text: failure(err).Message.Text}
	}
	if first.Number == 0 {
		return &exitError{code: exitFailed, text: "The file holds no audit event."}
	}
	fmt.Printf("The file is whole: events %d to %d. It ends at %d:%s.\n", first.Number, last.Number, last.Number, last.MAC)
	return nil
}

type auditAnchorCmd struct{}

// Run prints the anchor of the record as it is now.
func (auditAnchorCmd) Run(ctx context.Context) error {
	return withStore(ctx, func(a *app) error {
		anchor, err := a.store.Anchor(ctx)
		if err == nil {
			fmt.Println(anchor)
		}
		return err
	})
}

type auditExportCmd struct{ auditFilter }

// Run prints the chosen events, oldest first. Each line is verified on the way;
// what was printed before a broken one is sound.
func (c auditExportCmd) Run(ctx context.Context) error {
	q, err := c.query()
	if err != nil {
		return err
	}
	return withStore(ctx, func(a *app) error {
		out := bufio.NewWriterSize(os.Stdout, 1<<16)
		err := a.store.ExportTrail(ctx, func(l store.TrailLine, e fleet.AuditEvent) error {
			if !q.Matches(e) {
				return nil
			}
			return store.WriteLine(out, l)
		})
		if err := errors.Join(err, out.Flush()); fleet.CodeOf(err) == fleet.Tampered {
			return &exitError{code: exitFailed, text: failure(err).Message.Text}
		}
		return err
	})
}

type auditArchiveCmd struct {
	File   string `arg:"" help:"The file to write; it must not exist." type:"path"`
	Before string `default:"365d" help:"Which events: older than this, or from before a date."`
	Yes    bool   `help:"Take them out of Redis afterwards; without it only the file is written."`
}

// Run writes old events into a file, reads it back, and only then takes them
// out of the record.
func (c auditArchiveCmd) Run(ctx context.Context) error {
	before, err := fleet.ParseSince(c.Before, time.Now())
	if err != nil {
		return usageError(err)
	}
	return withStore(ctx, func(a *app) error {
		cut, err := c.write(ctx, a, before)
		if err != nil {
			return err
		}
		if cut.Number == 0 {
			fmt.Println("No event is that old; nothing was written.")
			return nil
		}
		fmt.Printf("%s holds the events %d to %d. It ends at %d:%s.\n", c.File, cut.First, cut.Number, cut.Number, cut.MAC)
		if !c.Yes {
			fmt.Println("They are still in Redis; add --yes (and another FILE) to take them out.")
			return nil
		}
		if err := a.store.DropTrail(ctx, cut, unixActor(os.Getuid()), c.File); err != nil {
			return err
		}
		fmt.Println("They are out of Redis. Keep the file: audit verify --file reads it.")
		return nil
	})
}

// write makes the file: beside its place first, then by its name once it is on
// the disk and was read back.
func (c auditArchiveCmd) write(ctx context.Context, a *app, before time.Time) (cut store.Cut, err error) {
	if _, err := os.Lstat(c.File); err == nil {
		return cut, &exitError{code: exitUsage, text: c.File + " is there already; name another file."}
	}
	f, err := os.CreateTemp(filepath.Dir(c.File), ".audit-*")
	if err != nil {
		return cut, err
	}
	defer os.Remove(f.Name())
	defer f.Close()
	if cut, err = a.store.ArchiveTrail(ctx, before, f); err != nil || cut.Number == 0 {
		return cut, err
	}
	if err := f.Sync(); err != nil {
		return cut, err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return cut, err
	}
	_, last, err := a.store.VerifyFile(f)
	if err != nil {
		return cut, err
	}
	if last.Number != cut.Number || last.MAC != cut.MAC {
		return cut, fmt.Errorf("%s was not written whole", c.File)
	}
	return cut, os.Link(f.Name(), c.File)
}

// withStore opens the store of the settings for one call.
func withStore(ctx context.Context, f func(*app) error) error {
	return withStoreAs(ctx, appOptions{}, f)
}

func withStoreAs(ctx context.Context, opts appOptions, f func(*app) error) error {
	cfg, err := loadConfig()
	if err != nil {
		return err
	}
	if cfg.RedisURL == "memory" {
		return &exitError{code: exitUsage, text: "DISTROBOT_REDIS_URL=memory lives inside a running process; use `distrobot do` to ask it."}
	}
	a, err := openApp(ctx, cfg, opts)
	if err != nil {
		return err
	}
	defer a.close()
	return f(a)
}
