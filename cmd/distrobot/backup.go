package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/store"
)

// backupCmd writes the whole state into a file.
type backupCmd struct {
	File string `arg:"" help:"File to write; - is standard output. An existing file is not overwritten."`
}

// Run implements the subcommand.
func (c backupCmd) Run(ctx context.Context) error {
	return withStore(ctx, func(a *app) error {
		told, err := c.write(ctx, a.store)
		if err != nil {
			return err
		}
		fmt.Fprintf(os.Stderr, "%s kept: %s.\n", fleet.Plural(told.Rows, "record", "records"), counted(told.Nouns))
		for _, k := range told.Bad {
			fmt.Fprintf(os.Stderr, "left out, because it was changed by somebody without the key: %s %s\n", plain(k.Noun), plain(k.ID))
		}
		if len(told.Bad) > 0 {
			return &exitError{code: exitFailed}
		}
		return nil
	})
}

// write makes the file whole or not at all: it gets its name when it is on the disk.
func (c backupCmd) write(ctx context.Context, s *store.Store) (told store.BackedUp, err error) {
	if c.File == "-" {
		return s.Backup(ctx, os.Stdout)
	}
	if _, err := os.Lstat(c.File); err == nil {
		return told, &exitError{code: exitFailed, text: fmt.Sprintf("%s exists already.", plain(c.File))}
	}
	f, err := os.CreateTemp(filepath.Dir(c.File), ".distrobot-backup-*") // readable by its owner alone
	if err != nil {
		return told, err
	}
	defer os.Remove(f.Name())
	defer f.Close()
	if told, err = s.Backup(ctx, f); err != nil {
		return told, err
	}
	if err := f.Sync(); err != nil {
		return told, err
	}
	return told, os.Link(f.Name(), c.File) // fails if the name was taken meanwhile
}

// counted lists how many records of each noun there are.
func counted(nouns map[string]int) string {
	var out []string
	for _, n := range slices.Sorted(maps.Keys(nouns)) {
		out = append(out, fmt.Sprintf("%d %s", nouns[n], n))
	}
	if len(out) == 0 {
		return "none"
	}
	return strings.Join(out, ", ")
}

// restoreCmd brings a backup back.
type restoreCmd struct {
	File    string `arg:"" help:"A file that backup wrote." type:"existingfile"`
	Yes     bool   `help:"Do it; without, you are told what would be done."`
	Replace bool   `help:"Drop the state that is there."`
}

// Run implements the subcommand.
func (c restoreCmd) Run(ctx context.Context) error {
	f, err := os.Open(c.File)
	if err != nil {
		return err
	}
	defer f.Close()
	return withStore(ctx, func(a *app) error {
		if !c.Yes {
			return c.tell(ctx, os.Stdout, a.store, f)
		}
		done, err := a.store.Restore(ctx, f, c.Replace)
		if err != nil {
			return err
		}
		fmt.Printf("Restored %s of %s. ", fleet.Plural(done.Rows, "record", "records"), done.Head.At.Format(time.RFC3339))
		fmt.Printf("%s for a person, %s paused, %s superseded.\n", fleet.Plural(done.Held, "task waits", "tasks wait"),
			fleet.Plural(done.Paused, "plan is", "plans are"), fleet.Plural(done.Void, "undecided plan is", "undecided plans are"))
		fmt.Println("Processes that ran before end by themselves; start them again. Each host then reports its sites, and what is newer there is adopted.")
		return nil
	})
}

// tell prints what would be done.
func (c restoreCmd) tell(ctx context.Context, out io.Writer, s *store.Store, f io.Reader) error {
	would, err := s.InspectBackup(ctx, f)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "A sound backup of %s: %s (%s).\n", would.Head.At.Format(time.RFC3339), fleet.Plural(would.Rows, "record", "records"), counted(would.Nouns))
	if would.Present > 0 {
		fmt.Fprintf(out, "%s would be dropped; that needs --replace.\n", fleet.Plural(would.Present, "record that is there now", "records that are there now"))
	}
	fmt.Fprintf(out, "%s for a person, %s, %s.\n", fleet.Plural(would.Held, "task would wait", "tasks would wait"),
		fleet.Plural(would.Paused, "plan would be paused", "plans would be paused"), fleet.Plural(would.Void, "undecided plan superseded", "undecided plans superseded"))
	fmt.Fprintln(out, "Nothing was changed. Do it with --yes.")
	return nil
}
