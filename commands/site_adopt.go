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
			{"host", "HOST", "the machine it is on (" + string(fleet.LocalHost) + ")"}, {"all", "", "every site that distrobot itself left on the machine"},
			{"path", "DIR", "a site that somebody else installed there; a pattern such as '/var/www/*' finds several"}, {"yes", "", "take over what was found at the path; without, you are told what there is"},
		},
		Summary: "take over a site that is on a machine already",
		Help: []string{
			fleet.Slash + " site adopt --all --host web1",
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
	host := fleet.HostName(r.Opts["host"])
	if host == "" {
		host = fleet.LocalHost
	}
	if err := t.knownHost(ctx, host); err != nil {
		return fleet.Message{}, err
	}
	task := fleet.Task{
		ID: fleet.TaskID(fleet.NewID()), Kind: fleet.TaskAdopt, Host: host, By: r.Who, State: fleet.TaskQueued,
		Created: t.now(), Channel: t.where(r, fleet.Distribution{}),
	}
	task.Shows = fleet.SubjectOf(fleet.AboutTask, string(task.ID))
	what := "All sites on host " + fleet.Clean(string(host), 60) + " are"
	if path != "" {
		task.Params = map[string]string{fleet.ParamPath: path, fleet.ParamYes: r.Opts["yes"]}
		what = fmt.Sprintf("What is at %s on host %s is", fleet.Clean(path, 120), fleet.Clean(string(host), 60))
	}
	if len(r.Args) > 0 {
		uri, err := fleet.ParseURI(r.Args[0])
		if err != nil {
			return fleet.Message{}, err
		}
		task.About = string(uri)
		if path == "" {
			what = fmt.Sprintf("Site %s is", uri)
		}
	}
	if err := t.Tasks.Order(ctx, task); err != nil {
		return fleet.Message{}, err
	}
	if err := t.follow(ctx, task, task.Channel); err != nil {
		return fleet.Message{}, err
	}
	doing := "taken over"
	if path != "" && r.Opts["yes"] == "" {
		doing = "looked at"
	}
	return say(fmt.Sprintf("%s being %s by task %s; progress appears in %s.", what, doing, task.ID, here(r))), nil
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
