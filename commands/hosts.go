package commands

import (
	"context"
	"fmt"
	"strings"

	"github.com/distrobot/distrobot/fleet"
)

// newHosts lists the machines that have a worker, or shows one of them.
func newHosts(t *Table) Command {
	return Command{
		Verb: "hosts", Args: "[HOST] [--page N]", Max: 1, Options: []Option{{"page", "N", "the next page"}}, Group: "Tasks", Summary: "the machines with a worker, and what is done and waits there", Help: []string{fleet.Slash + " hosts web1"}, Role: fleet.Reader,
		Run: func(ctx context.Context, r Request) (fleet.Message, error) {
			all, err := t.Hosts.All(ctx)
			if err != nil {
				return fleet.Message{}, err
			}
			if len(r.Args) == 1 {
				return t.hostNamed(ctx, all, r.Args[0])
			}
			if len(all) == 0 {
				return say("No worker has reported itself yet.", fleet.Say("Start one: ", fleet.Mono("distrobot worker --host NAME"))), nil
			}
			m := fleet.Message{Title: "Hosts", Text: "There " + areMany(len(all), "host", "hosts") + "."}
			m.Table = &fleet.Table{Header: []string{"Host", "State", "Running", "Waiting", "Held", "Free", "Load", "Version", "Last heard"},
				Right: []bool{false, false, true, true, true, true, true}}
			from, to, at, err := r.page(len(all))
			for _, v := range all[from:to] {
				m.Table.Rows = append(m.Table.Rows, hostRow(v))
			}
			t.paged(&m, r, "hosts", at, len(all))
			return m, err
		},
	}
}

func hostRow(v fleet.HostView) []string {
	h := v.Host
	return []string{orDash(string(h.Name)), hostState(v), count(h.Running), count(v.Waiting), count(v.Held), freeSpace(h.Free), hostLoad(h),
		orDash(fleet.Clean(h.Version, 40)), stamp(h.Seen)}
}

// hostState is one or two words, and whether its intake is paused.
func hostState(v fleet.HostView) string {
	if v.Seat.Paused != nil {
		return v.Word() + ", paused"
	}
	return v.Word()
}

func freeSpace(n int64) string {
	if n < 0 {
		return "unknown"
	}
	return fmt.Sprintf("%.1f GB", float64(n)/1e9)
}

// hostLoad is the load of a machine beside its processors: "1.2 of 4".
func hostLoad(h fleet.Host) string {
	if h.CPUs == 0 {
		return "—"
	}
	return fmt.Sprintf("%.1f of %d", h.Load, h.CPUs)
}

// hostNamed shows one host with its open tasks.
func (t *Table) hostNamed(ctx context.Context, all []fleet.HostView, name string) (fleet.Message, error) {
	var v fleet.HostView
	for _, x := range all {
		if strings.EqualFold(string(x.Host.Name), name) {
			v = x
		}
	}
	if v.Host.Name == "" {
		if err := t.knownHost(ctx, fleet.HostName(name)); err != nil {
			return fleet.Message{}, err
		}
		return say("No worker has reported itself there yet."), nil
	}
	h := v.Host
	_, sites, err := t.Catalog.Sites(ctx, fleet.SiteQuery{Host: h.Name, Limit: 1})
	if err != nil {
		return fleet.Message{}, err
	}
	tasks, err := t.Tasks.List(ctx, h.Name, true, pageRows)
	if err != nil {
		return fleet.Message{}, err
	}
	m := fleet.Message{Title: "Host " + string(h.Name), Text: fmt.Sprintf("Host %s: %s.", h.Name, hostState(v)), Tone: hostTone(v)}
	m.Fields = hostFields(v, sites)
	m.Lines = hostWords(v)
	if err := t.tellStock(ctx, h.Name, &m); err != nil {
		return fleet.Message{}, err
	}
	if len(tasks) > 0 {
		m.Table = &fleet.Table{Header: []string{"Task", "What", "State", "Ordered"}}
	}
	for _, x := range tasks {
		m.Table.Rows = append(m.Table.Rows, []string{string(x.ID), fleet.Clean(string(x.Kind)+" "+x.About, 90), string(x.State), stamp(x.Created)})
	}
	return m, nil
}

func hostTone(v fleet.HostView) fleet.Tone {
	switch {
	case v.Silent:
		return fleet.Bad
	case v.Seat.Paused != nil || v.Host.State == fleet.HostTooOld || v.Host.State == fleet.HostStopped:
		return fleet.Warn
	}
	return ""
}

func hostFields(v fleet.HostView, sites int) []fleet.Field {
	h := v.Host
	out := []fleet.Field{
		field("State", hostState(v)), field("Last heard", stamp(h.Seen)), field("Version", fleet.Clean(h.Version, 40)), field("Backend", h.Backend),
		field("Sites", count(sites)), field("Running", fmt.Sprintf("%d of %d", h.Running, max(h.Slots, h.Running))),
		field("Waiting", count(v.Waiting)), field("Held", count(v.Held)), field("Free", freeSpace(h.Free)), field("Load", hostLoad(h)),
	}
	if h.PHP != "" {
		out = append(out, field("PHP", fleet.Clean(h.PHP, 20)))
	}
	if len(h.Limits) > 0 {
		out = append(out, field("At once at most", fleet.Clean(strings.Join(h.Limits, ", "), 200)))
	}
	return append(out, mono("Data", h.Place.String()))
}

// hostWords say what is out of the ordinary and what can be done about it.
func hostWords(v fleet.HostView) []fleet.Line {
	h := v.Host
	var out []fleet.Line
	if p := v.Seat.Paused; p != nil {
		line := []any{"⏸ Its intake was paused by ", fleet.By(p.By), ", ", fleet.When(p.At), "."}
		if p.Reason != "" {
			line = append(line, " Reason: "+fleet.Clean(p.Reason, 200)+".")
		}
		out = append(out, fleet.Say(append(line, " To let it begin tasks again: ", fleet.Mono(fmt.Sprintf("%s hosts resume %s", fleet.Slash, h.Name)))...))
	}
	if v.Silent || h.State == fleet.HostStopped && v.Waiting+v.Held > 0 {
		out = append(out, fleet.Say("Its tasks wait for it. Builds can be done elsewhere: ", fleet.Mono(fmt.Sprintf("%s hosts handover %s HOST", fleet.Slash, h.Name)),
			". Tasks of its sites cannot: their data are there."))
	}
	if h.State == fleet.HostTooOld {
		out = append(out, fleet.Say("⚠️ Its worker is too old for what the fleet writes and does no work. Update it there."))
	}
	if s := h.Second; s != nil {
		out = append(out, fleet.Say("⚠️ Another worker, on "+s.Place.String()+", was refused this name, last: ", fleet.When(s.Seen),
			". If it is to replace this one: ", fleet.Mono(fmt.Sprintf("%s hosts release %s", fleet.Slash, h.Name))))
	}
	if v.Seat.Data == "" && v.Seat.Barred != "" {
		out = append(out, fleet.Say("The name is free for the next worker with another data directory."))
	}
	return out
}
