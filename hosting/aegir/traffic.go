package aegir

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	_ "embed" // of the scripts
	"io"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
)

var (
	//go:embed web.sh
	webScript string
	//go:embed ask.sh
	askScript string
)

// A Web is Aegir's nginx.
type Web struct {
	// Dir is Aegir's configuration of it, below which pre.d and vhost.d are:
	// "/var/aegir/config/server_master/nginx".
	Dir string
	// Reload takes the configuration over, as the user aegir may: "sudo
	// /etc/init.d/nginx reload". PID is the file of its master's process id.
	Reload []string
	PID    string
	// Check is a free loopback address there, at which sites are asked past a hold.
	Check string
	// Public is where visitors' requests go, "http://192.0.2.7"; "" goes by the
	// site's name, over HTTPS.
	Public string
}

func (w Web) shadow(uri fleet.URI) string { return path.Join(w.Dir, "pre.d", "distrobot-"+string(uri)) }
func (w Web) vhost(uri fleet.URI) string  { return path.Join(w.Dir, "vhost.d", string(uri)) }

// Bounds of how long nginx may take.
const (
	drainTries = 1000 // of 0.1 s: a little less than the step's two minutes
	freeTries  = 100
	pageLimit  = 90 * time.Second
)

// Able implements hosting.Traffic: Aegir knows what it hosts.
func (b *Backend) Able(hosting.App) error { return nil }

// PHP implements hosting.Traffic: Aegir's tables do not tell.
func (b *Backend) PHP(context.Context) string { return "" }

// Serve implements hosting.Traffic.
func (b *Backend) Serve(_ context.Context, c hosting.Copy) error {
	if len(c.Aliases) > 0 {
		return refused("change the addresses of sites")
	}
	return nil
}

// Hold implements hosting.Traffic. Its begin is noted first: rather a window that
// is told a little too long.
func (b *Backend) Hold(ctx context.Context, c hosting.Copy) (time.Time, error) {
	at, err := b.Records.Hold(ctx, c)
	if err != nil {
		return at, err
	}
	return at, b.guard(ctx, c, func() error {
		mark, err := b.freeze(ctx, c.URI)
		if err == nil {
			_, err = b.ask(ctx, c.URI, mark, "")
		}
		if err != nil {
			_, _ = b.web(ctx, "drop", c.URI, nil, b.Web.Reload...)
		}
		return err
	})
}

// web runs the script about a site's shadow.
func (b *Backend) web(ctx context.Context, verb string, uri fleet.URI, stdin io.Reader, args ...string) (string, error) {
	argv := withArgs(webScript, append([]string{verb, b.Web.shadow(uri), b.Web.PID, path.Join(b.Tasks.Home, ".distrobot", "web")}, args...)...)
	out, err := b.Tasks.do(ctx, call{argv: argv, stdin: stdin, limit: 3 * time.Minute})
	return out, told(err)
}

// freeze writes the shadow of a site after its vhost of now, and gives its mark.
func (b *Backend) freeze(ctx context.Context, uri fleet.URI) (string, error) {
	vhost, err := b.Tasks.shell(ctx, `cat "$1" 2>/dev/null || :`, b.Web.vhost(uri))
	if err != nil {
		return "", told(err)
	}
	mark := rand.Text()
	_, err = b.web(ctx, "put", uri, strings.NewReader(held(uri, vhost, b.Web.Check, mark)), b.Web.Reload...)
	return mark, err
}

// ask fetches a page of a frozen site at the check's address, over a connection
// on which the shadow with that mark has answered. "" fetches nothing.
func (b *Backend) ask(ctx context.Context, uri fleet.URI, mark, page string) (hosting.Answer, error) {
	begin := time.Now()
	var out bytes.Buffer
	_, err := b.Tasks.do(ctx, call{
		argv: withArgs(askScript, "http://"+b.Web.Check, string(uri), markPath+mark, page), out: &out, most: 16 << 20, limit: pageLimit,
	})
	if err != nil || page == "" {
		return hosting.Answer{}, told(err)
	}
	r := bufio.NewReader(&out)
	if first, _ := r.ReadString('\n'); first != "204\n" {
		return hosting.Answer{}, fleet.Errorf(fleet.Later, "nginx is still taking its configuration over.")
	}
	resp, err := http.ReadResponse(r, nil)
	if err != nil {
		return hosting.Answer{}, fleet.Errorf(fleet.Failed, "The moved site %s gives no answer that can be read.", uri).Because(err)
	}
	return hosting.ReadAnswer(resp, begin)
}

// Drain implements hosting.Traffic: the workers of nginx that let visitors in
// before the hold end with their last request.
func (b *Backend) Drain(ctx context.Context, c hosting.Copy) error {
	return b.guard(ctx, c, func() error {
		_, err := b.web(ctx, "drain", c.URI, nil, strconv.Itoa(drainTries))
		return err
	})
}

// Switch implements hosting.Traffic. Forward, Aegir has moved the site already and
// the record follows; to the generation before, it is the way back.
func (b *Backend) Switch(ctx context.Context, c hosting.Copy) error {
	err := b.guard(ctx, c, func() error {
		m, moving, err := b.motion(c.URI)
		if err != nil {
			return err
		}
		s, err := b.site(ctx, c.URI)
		if err != nil {
			return err
		}
		on := s.Platform.name(b.ours())
		forward := moving && m.To == c.Generation && !m.Returning
		if !moving {
			live, err := b.Records.Live(ctx, c.URI)
			forward = fleet.CodeOf(err) == fleet.NotFound || err == nil && live.Generation == c.Generation
			m = motion{To: live.Generation, ToPlatform: live.Platform}
		}
		if forward {
			if on != c.Platform {
				return fleet.Errorf(fleet.Failed, "Aegir has %s on platform %s instead of %s.", c.URI, on, c.Platform)
			}
			return nil
		}
		return b.back(ctx, c, m)
	})
	if err != nil {
		return err
	}
	if err := b.Records.Switch(ctx, c); err != nil {
		return err
	}
	return b.rest(c.URI)
}

// back returns a site to an earlier generation: its platform, and our backup.
func (b *Backend) back(ctx context.Context, c hosting.Copy, m motion) error {
	m.From, m.Returning = c.Generation, true
	if err := b.migrate(ctx, c, m, "back"); err != nil {
		return err
	}
	return b.restore(ctx, c, c.Generation, "back-restore")
}

// Release implements hosting.Traffic: when it returns, every visitor is let in.
func (b *Backend) Release(ctx context.Context, c hosting.Copy) (time.Duration, error) {
	if err := b.guard(ctx, c, func() error { return b.thaw(ctx, c.URI) }); err != nil {
		return 0, err
	}
	return b.Records.Release(ctx, c)
}

// thaw takes the shadow of a site away; when it returns, nobody gets it any more.
func (b *Backend) thaw(ctx context.Context, uri fleet.URI) error {
	if _, err := b.web(ctx, "drop", uri, nil, b.Web.Reload...); err != nil {
		return err
	}
	_, err := b.web(ctx, "drain", uri, nil, strconv.Itoa(freeTries))
	if fleet.CodeOf(err) == fleet.Failed {
		return nil // workers with long requests of other sites: they take no new ones
	}
	return err
}

// Written implements hosting.Traffic: nobody can tell, so that no task goes back
// by itself once visitors were let in.
func (b *Backend) Written(context.Context, hosting.Copy) (hosting.Written, error) {
	return hosting.Written{}, nil
}

// Check implements hosting.Traffic: past the hold, if there is one.
func (b *Backend) Check(ctx context.Context, c hosting.Copy, page string) (hosting.Answer, error) {
	s, err := b.site(ctx, c.URI)
	if err != nil {
		return hosting.Answer{}, err
	}
	if on := s.Platform.name(b.ours()); on != c.Platform {
		return hosting.Answer{}, fleet.Errorf(fleet.Failed, "Aegir has %s on platform %s instead of %s.", c.URI, on, c.Platform)
	}
	out, err := b.Tasks.shell(ctx, `if [ -e "$1" ]; then echo held; fi`, b.Web.shadow(c.URI))
	if err != nil {
		return hosting.Answer{}, told(err)
	}
	if out == "" {
		return b.Probe(ctx, c.URI, page)
	}
	var a hosting.Answer
	err = b.guard(ctx, c, func() error {
		mark, err := b.freeze(ctx, c.URI)
		if err == nil {
			a, err = b.ask(ctx, c.URI, mark, page)
		}
		return err
	})
	return a, err
}

// Probe implements hosting.Traffic.
func (b *Backend) Probe(ctx context.Context, uri fleet.URI, page string) (hosting.Answer, error) {
	return hosting.Visit(ctx, b.Web.Public, uri, page)
}
