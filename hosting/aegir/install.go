package aegir

import (
	"context"
	"fmt"
	"strconv"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
)

// install makes a new site: registered, installed, imported. Its steps are each
// done once; a repetition goes on with the next.
func (b *Backend) install(ctx context.Context, c hosting.Copy) error {
	target, err := b.platform(ctx, c.Platform)
	if err != nil {
		return err
	}
	about := "@" + string(c.URI)
	s, err := b.site(ctx, c.URI)
	if fleet.CodeOf(err) == fleet.NotFound {
		n := b.New.with(c.Install)
		if _, err := b.Tasks.drush(ctx, "provision-save", about, "--context_type=site", "--uri="+string(c.URI), "--platform=@"+target.Context,
			"--server="+orDefault(n.Server, master), "--db_server="+orDefault(n.DBServer, master), "--profile="+orDefault(n.Profile, "standard"),
			"--client_name="+orDefault(n.Client, "admin"), "--client_email="+n.Email, "--language="+orDefault(n.Language, "en"), "-y"); err != nil {
			return err
		}
		w := Work{Op: act(c, "install"), Type: "install", Args: []string{about, "provision-install"}, Log: c.Log, Limit: orDefault(b.Limit, defaultLimit)}
		if err := b.Tasks.Do(ctx, w); err != nil {
			return err
		}
		if _, err := b.Tasks.drush(ctx, b.Tasks.hostmaster("hosting-import", about)...); err != nil {
			return err
		}
		s, err = b.site(ctx, c.URI)
	}
	if err != nil {
		return err
	}
	return b.welcome(ctx, c, s)
}

// welcome has Aegir's front end learn what it has to know of a site that was
// imported. Its import task, which is queued, is run itself: one of ours beside it
// would leave it to a dispatcher, which may come when the site is gone again. Only
// enable makes the site count as enabled there.
func (b *Backend) welcome(ctx context.Context, c hosting.Copy, s Site) error {
	about := "@" + string(c.URI)
	queued, err := b.queuedTask(ctx, s, "import")
	if err != nil {
		return err
	}
	work := func(what string) Work { return Work{Op: act(c, what), Of: s.NID, Type: what, Log: c.Log} }
	switch {
	case queued != 0:
		w := work("import")
		w.Task, w.Limit = queued, orDefault(b.Limit, defaultLimit)
		w.Args = b.Tasks.hostmaster("hosting-task", strconv.FormatInt(queued, 10), "--force")
		err = b.Tasks.Do(ctx, w)
	case s.Status != Enabled:
		err = b.task(ctx, work("import"), about)
	}
	if err == nil && s.Status != Enabled {
		err = b.task(ctx, work("enable"), about)
	}
	if err != nil {
		return err
	}
	return b.task(ctx, work("verify"), about)
}

// queuedTask is the node of a task of a site that Aegir has queued itself, 0 if
// there is none.
func (b *Backend) queuedTask(ctx context.Context, s Site, what string) (int64, error) {
	rest := fmt.Sprintf("hosting_task t JOIN node n ON n.vid=t.vid WHERE t.rid=%d AND t.task_type=%s AND t.task_status=%d", s.NID, literal(what), taskQueued)
	var nid int64
	err := b.Tasks.Query(ctx, Select([]string{"COALESCE(MIN(t.nid),0)"}, rest), 1, func(row []string) (err error) {
		nid, err = strconv.ParseInt(row[0], 10, 64)
		return err
	})
	return nid, err
}
