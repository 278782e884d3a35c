// Command distrobot is a Slack bot for people who host fleets of sites: it
// announces new versions of tracked distributions, builds platforms, proposes
// upgrades and runs them once confirmed. This file only reads the command
// line; each subcommand is in a file of its own and wire.go puts the parts
// together.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	_ "time/tzdata" // time zones of digests, on machines that have none

	"github.com/alecthomas/kong"
	kongcompletion "github.com/jotaen/kong-completion"
)

// The exit codes of every subcommand.
const (
	exitOK     = 0
	exitFailed = 1 // refused or failed; the reason was printed
	exitUsage  = 2
)

type cli struct {
	Try       tryCmd       `cmd:"" help:"Run everything on this machine with nothing to set up; nothing is kept."`
	Serve     serveCmd     `cmd:"" help:"Run the bot: Slack, watcher, webhooks, schedules and a worker for this host."`
	Worker    workerCmd    `cmd:"" help:"Run a worker for one hosting machine."`
	Do        doCmd        `cmd:"" help:"Run a command of /distro from the shell."`
	Workspace workspaceCmd `cmd:"" help:"Run only the local Slack-compatible workspace."`
	Apply     applyCmd     `cmd:"" help:"Bring the fleet to what a YAML file says; prints first, acts with --yes."`
	Export    exportCmd    `cmd:"" help:"Print the fleet as YAML."`
	Doctor    doctorCmd    `cmd:"" help:"Check Slack, Redis, git and the disk, and say what to do."`
	Ready     readyCmd     `cmd:"" help:"Ask the bot of this machine whether it is ready; exit code 1 if it is not."`
	Audit     auditCmd     `cmd:"" help:"Show or verify the audit record."`
	Backend   backendCmd   `cmd:"" help:"For programs that distrobot drives instead of its own hosting: check, schema."`
	Backup    backupCmd    `cmd:"" help:"Write the whole state into a file, while everything runs."`
	Restore   restoreCmd   `cmd:"" help:"Bring a backup back; prints first, acts with --yes."`
	Schema    schemaCmd    `cmd:"" help:"Bring the stored state to this version's schema; prints first, acts with --yes."`
	Resign    resignCmd    `cmd:"" help:"Sign the stored state with a new DISTROBOT_KEY; prints first, acts with --yes."`
	Init      initCmd      `cmd:"" help:"Ask the few questions that a first start needs, and write the settings."`
	Version   versionCmd   `cmd:"" help:"Print the version, its commit and date."`

	Completion completionCmd `cmd:"" help:"Print what makes a shell complete subcommands: bash, zsh or fish."`
	Man        manCmd        `cmd:"" help:"Print the manual page."`
	Reference  referenceCmd  `cmd:"" help:"Print the reference of commands, settings and distrobot.yml, as Markdown."`
}

// exitError carries an exit code; its message, if any, is for people.
type exitError struct {
	code int
	text string
}

func (e *exitError) Error() string { return e.text }

func main() { os.Exit(execute(os.Args[1:])) }

// execute runs one command line and gives its exit code.
func execute(args []string) int {
	var c cli
	parser, err := kong.New(&c, kong.Name("distrobot"),
		kong.Description("Upgrades fleets of sites from Slack. Start with: distrobot try"),
		kong.UsageOnError(), kong.ConfigureHelp(kong.HelpOptions{Compact: true}))
	if err != nil {
		fmt.Fprintln(os.Stderr, "distrobot:", err)
		return exitFailed
	}
	kongcompletion.Register(parser) // answers a shell that completes, and ends there
	kctx, err := parser.Parse(args)
	if err != nil {
		fmt.Fprintf(os.Stderr, "distrobot: %v\nTry: distrobot --help\n", err)
		return exitUsage
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	kctx.BindTo(ctx, (*context.Context)(nil))
	err = kctx.Run()
	var exit *exitError
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &exit):
		if exit.text != "" {
			fmt.Fprintln(os.Stderr, exit.text)
		}
		return exit.code
	case errors.Is(err, context.Canceled) && ctx.Err() != nil:
		return exitOK
	}
	fmt.Fprintln(os.Stderr, "distrobot:", err)
	return exitFailed
}
