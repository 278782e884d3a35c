package commands

import (
	"context"
	"fmt"
	"strings"

	"github.com/distrobot/distrobot/fleet"
)

// newSiteAdopt takes over what is live on a host already; with --all it also
// rebuilds the record of a host after the store was lost.
func newSiteAdopt(t *Table) Command {
	return Command{
		Verb: "site", Sub: "adopt", Args: "URI|--all|--path DIR", Max: 1, Group: "Sites",
		Options: []Option{
			{"host", "HOST", "the machine it is on (" + string(fleet.LocalHost) + "; with --all every machine)"}, {"all", "", "every site that distrobot itself left on the machine"}, {"dry-run", "", "only list what there is"},
			{"path", "DIR", "a site that somebody else installed there; a pattern such as '/var/www/*' finds several"}, {"yes", "", "take over what was found at the path; without, you are told what there is"},
		},
		Summary: "take over a site that is on a machine already",
		Help: []string{
			fleet.Slash + " site adopt --all",
			fleet.Slash + " site adopt shop.example.org --path /var/www/shop --host web1",
			"With a path nothing is done at first: the answer says what was found. Then add --yes. The code is copied; database and uploads stay where they are, and nothing is moved until the site is upgraded.",
		},
		Role: fleet.Maintainer, Run: t.adopt,
	}
}

func (t *Table) adopt(ctx context.Context, r Request) (fleet.Message, error) {
	all, path := r.Opts["all"] != "", r.Opts["path"]
	if path == "" && all == (len(r.Args) > 0) || path != "" && all {
		return fleet.Message{}, newSiteAdopt(t).usage("Say either the address of a site or --all.")
	}
	if path != "" && (!strings.HasPrefix(path, "/") || strings.ContainsAny(path, "\x00\n") || len(path) > 500) {
		return fleet.Message{}, fleet.Errorf(fleet.Invalid, "%q is not an absolute path.", fleet.Clean(path, 120))
	}
	var about fleet.URI
	if len(r.Args) > 0 {
		var err error
		if about, err = fleet.ParseURI(r.Args[0]); err != nil {
			return fleet.Message{}, err
		}
	}
	hosts, err := t.adoptHosts(ctx, fleet.HostName(r.Opts["host"]), all)
	if err != nil {
		return fleet.Message{}, err
	}
	var said []string
	for _, host := range hosts {
		text, err := t.adoptOn(ctx, r, host, about)
		if err != nil {
			return fleet.Message{}, err
		}
		said = append(said, text)
	}
	return say(strings.Join(said, " ") + fmt.Sprintf(" Progress appears in %s.", here(r))), nil
}

// adoptHosts are the machines that are meant: the one named, with --all every one
// that has reported itself.
func (t *Table) adoptHosts(ctx context.Context, host fleet.HostName, all bool) ([]fleet.HostName, error) {
	if host == "" && all {
		names, err := t.Store.List(ctx, fleet.AllHosts, fleet.Page{})
		if err != nil || len(names) > 0 {
			hosts := make([]fleet.HostName, len(names))
			for i, n := range names {
				hosts[i] = fleet.HostName(n)
			}
			return hosts, err
		}
	}
	if host == "" {
		host = fleet.LocalHost
	}
	return []fleet.HostName{host}, t.knownHost(ctx, host)
}

// adoptOn orders the task of one machine, and gives what is said about it.
func (t *Table) adoptOn(ctx context.Context, r Request, host fleet.HostName, about fleet.URI) (string, error) {
	path := r.Opts["path"]
	task := fleet.Task{
		ID: fleet.TaskID(fleet.NewID()), Kind: fleet.TaskAdopt, Host: host, By: r.Who, State: fleet.TaskQueued,
		Created: t.now(), Channel: t.where(r, fleet.Distribution{}), About: string(about),
	}
	task.Shows = fleet.SubjectOf(fleet.AboutTask, string(task.ID))
	what, doing := "All sites on host "+fleet.Clean(string(host), 60)+" are", "taken over"
	switch {
	case path != "":
		task.Params = map[string]string{fleet.ParamPath: path, fleet.ParamYes: r.Opts["yes"]}
		what = fmt.Sprintf("What is at %s on host %s is", fleet.Clean(path, 120), fleet.Clean(string(host), 60))
		if r.Opts["yes"] == "" {
			doing = "looked at"
		}
	case r.Opts["dry-run"] != "":
		task.Params = map[string]string{fleet.ParamDry: "1"}
		doing = "listed in the task's log"
	}
	if about != "" && path == "" {
		what = fmt.Sprintf("Site %s is", about)
	}
	if err := t.Tasks.Order(ctx, task); err != nil {
		return "", err
	}
	if err := t.follow(ctx, task, task.Channel); err != nil {
		return "", err
	}
	return fmt.Sprintf("%s being %s by task %s.", what, doing, task.ID), nil
}

// knownHost refuses a machine on which no worker has reported itself, because
// a task for it would wait for ever.
func (t *Table) knownHost(ctx context.Context, h fleet.HostName) error {
	hosts, err := t.Store.List(ctx, fleet.AllHosts, fleet.Page{})
	if err != nil {
		return err
	}
	for _, name := range hosts {
		if name == string(h) {
			return nil
		}
	}
	if h == fleet.LocalHost && len(hosts) == 0 {
		return nil
	}
	e := fleet.Errorf(fleet.NotFound, "There is no host %q.", fleet.Clean(string(h), 60))
	if near := nearest(string(h), hosts); near != "" {
		return e.WithHint("Did you mean %q?", near)
	}
	return e.WithHint("See what there is: %s hosts", fleet.Slash)
}
