package commands

import (
	"context"
	"fmt"
	"strconv"

	"github.com/distrobot/distrobot/fleet"
)

// newSiteMove brings a site to another host. Only this command does.
func newSiteMove(t *Table) Command {
	return Command{
		Verb: "site", Sub: "move", Args: "SITE HOST", Min: 2, Max: 2, Group: "Sites",
		Options: []Option{{"yes", "", "do it; without, the host looks at the site and tells what would happen"}},
		Summary: "bring a site to another host, with all its data",
		Help: []string{
			fleet.Slash + " site move shop.example.org web2",
			"Most of its data is sent while visitors go on; they wait while the rest follows and the site is checked on the other host. Whatever fails before it serves there, it goes on where it was.",
			"Its address changes: afterwards have its DNS name, load balancer or front proxy lead to the other host. The old host keeps a closed copy; to bring the site back with all its data, move it back.",
		},
		Role: fleet.Administrator, Run: t.moveSite,
	}
}

func (t *Table) moveSite(ctx context.Context, r Request) (fleet.Message, error) {
	s, err := t.site(ctx, r.Args[0])
	if err != nil {
		return fleet.Message{}, err
	}
	to := fleet.HostName(r.Args[1])
	if err := t.knownHost(ctx, to); err != nil {
		return fleet.Message{}, err
	}
	dist, err := t.distOf(ctx, s)
	if err != nil {
		return fleet.Message{}, err
	}
	o := fleet.TransitOrder{URI: s.URI, To: to, Generation: s.Generation, Dry: r.Opts["yes"] == "", Channel: t.where(r, dist)}
	task, err := t.Transits.Order(ctx, o, r.Who)
	if err != nil {
		return fleet.Message{}, err
	}
	if o.Dry {
		return say(fmt.Sprintf("Site %s is being looked at by task %s, which changes nothing; what a move to host %s would do appears in %s.", s.URI, task.ID, to, here(r))), nil
	}
	return say(fmt.Sprintf("Site %s is being moved from host %s to host %s by task %s; progress appears in %s.", s.URI, s.Host, to, task.ID, here(r))), nil
}

// pressMoveSite confirms what a look at a site has told: the site must be as it
// was then. Pressed again, it orders nothing more.
func (t *Table) pressMoveSite(ctx context.Context, p Press, r Request) (Reply, error) {
	look, err := t.Tasks.Find(ctx, fleet.TaskID(p.Value))
	if err != nil {
		return Reply{}, err
	}
	if look.Kind != fleet.TaskMove || look.Params[fleet.ParamDry] == "" || look.State != fleet.TaskDone {
		return Reply{}, forgotten()
	}
	id := look.ID + "-go"
	if done, err := t.Tasks.Find(ctx, id); err == nil {
		return tell(fmt.Sprintf("The move was confirmed before: task %s is %s.", done.ID, done.State)), nil
	} else if fleet.CodeOf(err) != fleet.NotFound {
		return Reply{}, err
	}
	generation, _ := strconv.ParseInt(look.Params[fleet.ParamGeneration], 10, 64)
	task, err := t.Transits.Order(ctx, fleet.TransitOrder{
		Task: id, URI: fleet.URI(look.About), To: fleet.HostName(look.Params[fleet.ParamTo]), Generation: generation, Channel: look.Channel,
	}, r.Who)
	if err != nil {
		return Reply{}, err
	}
	return tell(fmt.Sprintf("Site %s is being moved to host %s by task %s.", task.About, look.Params[fleet.ParamTo], task.ID)), nil
}

// tellTransit adds where a site came from, or is being brought to.
func (t *Table) tellTransit(ctx context.Context, s fleet.Site, lines []fleet.Line) ([]fleet.Line, error) {
	m, found, err := t.Transits.Of(ctx, s.URI)
	if err != nil || !found {
		return lines, err
	}
	if m.Open() && s.Lock.Task == m.Send {
		return append(lines, fleet.Say("It is being moved from host "+string(m.From)+" to host "+string(m.To)+" by task ", fleet.Mono(string(m.Send)), ".")), nil
	}
	if said := m.Sentence(t.now()); said != "" && s.Host == m.To {
		lines = append(lines, fleet.Say(said))
	}
	return lines, nil
}

// cameFrom refuses to roll a site back that has nothing to return to because it
// came from another host, and says what can be done instead.
func (t *Table) cameFrom(ctx context.Context, s fleet.Site) error {
	m, found, err := t.Transits.Of(ctx, s.URI)
	if err != nil || !found || s.Previous != 0 || s.Host != m.To || !m.Taken() {
		return err
	}
	return fleet.Errorf(fleet.Refused, "Site %s came from host %s and has no earlier copy on host %s to return to.", s.URI, m.From, m.To).
		WithHint("A move brings it back with all its data: %s site move %s %s. A backup of an earlier state: %s site backups %s", fleet.Slash, s.URI, m.From, fleet.Slash, s.URI)
}
