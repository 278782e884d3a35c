package commands

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/distrobot/distrobot/fleet"
)

// Hooks is what is known of the webhooks that are received.
type Hooks struct {
	URL     string              // of the bot as the forges reach it; "" when it was not set
	Secrets map[string][]string // by forge; one without a secret is not received
}

// A hookGuide tells how a forge is told to send its webhooks.
type hookGuide struct {
	forge, name, setting string
	steps                []string
}

// hookGuides lists the forges whose webhooks are understood; ADDRESS stands for
// where they go. The words are those on the forges' own pages (2026).
var hookGuides = [...]hookGuide{
	{"github", "GitHub", "DISTROBOT_GITHUB_SECRET", []string{
		"Open the repository's (or the organisation's) Settings, Webhooks, Add webhook.",
		"Payload URL: ADDRESS. Content type: application/json. Secret: the value of DISTROBOT_GITHUB_SECRET.",
		"Choose Let me select individual events: pushes, branch or tag creation, branch or tag deletion, releases.",
	}},
	{"gitlab", "GitLab", "DISTROBOT_GITLAB_SECRET", []string{
		"Open the project's (or the group's) Settings, Webhooks, Add new webhook.",
		"URL: ADDRESS, over https. Secret token: the value of DISTROBOT_GITLAB_SECRET.",
		"Choose push events, tag push events and releases events, with SSL verification.",
	}},
	{"gitea", "Gitea or Forgejo", "DISTROBOT_GITEA_SECRET", []string{
		"Open the repository's Settings, Webhooks, Add webhook, Gitea (or Forgejo).",
		"Target URL: ADDRESS. POST content type: application/json. Secret: the value of DISTROBOT_GITEA_SECRET.",
		"Choose custom events: push, create, delete, release.",
	}},
	{"bitbucket", "Bitbucket", "DISTROBOT_BITBUCKET_SECRET", []string{
		"Open the repository's Repository settings, Webhooks, Add webhook.",
		"URL: ADDRESS. Secret: the value of DISTROBOT_BITBUCKET_SECRET. Trigger: repository push.",
	}},
	{"generic", "A script", "DISTROBOT_HOOK_SECRET", []string{
		"After a push, run:",
		`body='{"url":"https://git.example.org/atrium.git"}'; at=$(date +%s)`,
		`sum=$(printf '%s.%s' "$at" "$body" | openssl dgst -sha256 -hmac "$DISTROBOT_HOOK_SECRET" -r | cut -d' ' -f1)`,
		`curl -fsS -H 'Content-Type: application/json' -H "X-Distrobot-Timestamp: $at" -H "X-Distrobot-Signature: sha256=$sum" -d "$body" ADDRESS`,
	}},
}

// newHooks tells how webhooks are set up and when the last of each came.
func newHooks(t *Table) Command {
	return Command{
		Verb: "hooks", Args: "[FORGE]", Max: 1, Group: "Distributions",
		Summary: "how to be told of pushes at once, and when that last happened", Role: fleet.Maintainer,
		Help: []string{fleet.Slash + " hooks github", "Forges: github, gitlab, gitea, bitbucket, generic. A webhook only makes the repository be read at once."},
		Run:  t.hooks,
	}
}

func (t *Table) hooks(ctx context.Context, r Request) (fleet.Message, error) {
	if len(r.Args) == 0 {
		return t.hookList(ctx)
	}
	name := strings.ToLower(r.Args[0])
	for _, g := range hookGuides {
		if g.forge == name || name == "forgejo" && g.forge == "gitea" {
			return t.hookGuide(g), nil
		}
	}
	return fleet.Message{}, fleet.Errorf(fleet.Invalid, "Webhooks of %q are not understood.", fleet.Clean(r.Args[0], 40)).
		WithHint("There are github, gitlab, gitea, bitbucket and generic, which any script can send.")
}

// address is where the webhooks of a forge go.
func (t *Table) address(forge string) string {
	return cmp.Or(strings.TrimRight(t.Hooks.URL, "/"), "https://ADDRESS-OF-THE-BOT") + "/hooks/" + forge
}

func (t *Table) hookGuide(g hookGuide) fleet.Message {
	m := fleet.Message{Title: "Webhooks of " + g.name, Text: "This is how " + g.name + " tells of pushes at once."}
	if len(t.Hooks.Secrets[g.forge]) == 0 {
		m.Tone = fleet.Warn
		m.Lines = append(m.Lines, fleet.Say("The operator has to set ", fleet.Mono(g.setting), " first, for example to the output of ", fleet.Mono("openssl rand -hex 32"), "."))
	}
	if t.Hooks.URL == "" {
		m.Lines = append(m.Lines, fleet.Say("Where the bot is reached from outside is not set (", fleet.Mono("DISTROBOT_URL"), "), so put its address in."))
	}
	for _, step := range g.steps {
		step = strings.ReplaceAll(step, "ADDRESS", "\x00")
		step = strings.ReplaceAll(step, "\x00", t.address(g.forge))
		if g.forge == "generic" && step != g.steps[0] {
			m.Lines = append(m.Lines, fleet.Say(fleet.Mono(step)))
			continue
		}
		m.Lines = append(m.Lines, fleet.Item(step))
	}
	return m
}

// hookList lists the distributions that follow something, and when each was told
// of last.
func (t *Table) hookList(ctx context.Context) (fleet.Message, error) {
	dists, bad, err := t.Catalog.Look(ctx)
	if err != nil {
		return fleet.Message{}, err
	}
	dists = slices.DeleteFunc(dists, func(d fleet.Distribution) bool { return d.Track.None() })
	cursors, err := t.cursors(ctx, dists)
	if err != nil {
		return fleet.Message{}, err
	}
	var on []string
	for _, g := range hookGuides {
		if len(t.Hooks.Secrets[g.forge]) > 0 {
			on = append(on, g.name)
		}
	}
	m := fleet.Message{Title: "Webhooks", Text: "No webhook is received: no secret is set. Repositories are read in turn instead."}
	if len(on) > 0 {
		m.Text = "Webhooks are received from " + strings.Join(on, ", ") + "."
	}
	m.Lines = []fleet.Line{fleet.Say(m.Text), fleet.Say("How to set one up: ", fleet.Mono(fleet.Slash+" hooks github"), fmt.Sprintf(" (or %s).", "gitlab, gitea, bitbucket, generic"))}
	m.Lines = append(m.Lines, fleet.TellDistrusted(bad)...)
	if len(dists) > 0 {
		m.Table = &fleet.Table{Header: []string{"Distribution", "Repository", "Last webhook", "Last read"}}
		for i, d := range dists {
			m.Table.Rows = append(m.Table.Rows, []string{string(d.Name), orDash(fleet.Clean(d.URL, 80)), stamp(cursors[i].Hooked), stamp(cursors[i].Checked)})
		}
	}
	return m, nil
}

// cursors reads what is known of the distributions' repositories, in order.
func (t *Table) cursors(ctx context.Context, dists []fleet.Distribution) ([]fleet.Cursor, error) {
	if len(dists) == 0 {
		return nil, nil
	}
	out, recs := make([]fleet.Cursor, len(dists)), make([]fleet.Record, len(dists))
	for i, d := range dists {
		out[i].Distribution = d.Name
		recs[i] = &out[i]
	}
	_, err := t.Store.Read(ctx, recs...)
	return out, err
}
