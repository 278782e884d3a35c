package watcher

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/internal/mirror"
)

// A Lister reads refs; *mirror.Lister.
type Lister interface {
	List(ctx context.Context, repo mirror.Repo, prefixes []string) (mirror.Listing, error)
}

// A History tells what lies between two commits; *mirror.Store.
type History interface {
	Fetch(ctx context.Context, repo mirror.Repo, want mirror.Ref) error
	Log(ctx context.Context, repo mirror.Repo, from, to string, limit int) (mirror.Commits, error)
	Message(ctx context.Context, repo mirror.Repo, tag mirror.Ref) (string, error)
}

// An Orderer orders builds; *fleet.Builder.
type Orderer interface {
	Build(ctx context.Context, o fleet.BuildOrder) (fleet.Platform, error)
}

// A Poller reads every tracked URL once per interval, whatever number of
// distributions track it and of replicas run. Fill the exported fields and call
// Run; Poll and Resolve work without Run.
type Poller struct {
	Store   fleet.Store
	News    *fleet.News
	Refs    Lister
	History History // nil: announcements come without commits
	Forges  *Forges // nil: no API is asked
	Builder Orderer // for distributions that build by themselves; nil builds nothing
	Log     *slog.Logger

	// Credential gives what a URL is read with; nil, or a nil result, reads
	// without.
	Credential func(url string) *mirror.Credential
	Interval   time.Duration // between two readings of a URL; 0 means DefaultInterval
	Slots      int           // readings at once; 0 means DefaultSlots
	PerHost    int           // readings at once of one host; 0 means DefaultPerHost
	Owner      string        // this process, for people who look at the rows

	once  sync.Once
	wake  chan struct{}
	hosts hosts
	mu    sync.Mutex
	cache tracked
	heart heart
}

// Defaults of a Poller. Git hosts document no limit of connections; 4 to 8 are
// polite (git endpoints of the large hosts, November 2026).
const (
	DefaultInterval = time.Minute
	DefaultSlots    = 32
	DefaultPerHost  = 8
)

// Time limits of one turn.
const (
	listTime  = 30 * time.Second
	fetchTime = time.Minute
)

func (p *Poller) setUp() {
	p.once.Do(func() {
		p.wake = make(chan struct{}, 1)
		if p.Log == nil {
			p.Log = slog.New(slog.DiscardHandler)
		}
	})
}

func (p *Poller) interval() time.Duration { return orDefault(p.Interval, DefaultInterval) }

func orDefault[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}

// tick is how often Run looks for due URLs: often enough that turns are spread
// and a hint from another replica is taken up soon.
func (p *Poller) tick() time.Duration {
	return min(max(p.interval()/20, 10*time.Millisecond), time.Second)
}

// Wake makes Run look for due URLs at once.
func (p *Poller) Wake() {
	p.setUp()
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// Run polls until ctx ends and the turns under way have ended with it.
func (p *Poller) Run(ctx context.Context) {
	p.setUp()
	d := newDispatch(p)
	defer d.wait()
	ticker := time.NewTicker(p.tick())
	defer ticker.Stop()
	told := ""
	for {
		err := d.look(ctx)
		if text := errorText(err); text != told && ctx.Err() == nil {
			told = text
			if err != nil {
				p.Log.WarnContext(ctx, "tracked repositories cannot be looked up", "err", err)
			}
		}
		for waiting := true; waiting; {
			d.start(ctx)
			select {
			case <-ctx.Done():
				return
			case host := <-d.done:
				d.ended(host)
			case <-ticker.C:
				waiting = false
			case <-p.wake:
				waiting = false
			}
		}
	}
}

// Sweep takes the turn of every URL that is due, without spreading them, and
// returns how many there were.
func (p *Poller) Sweep(ctx context.Context) (int, error) {
	p.setUp()
	d := newDispatch(p)
	d.unpaced = true
	err := d.look(ctx)
	n := len(d.pending)
	d.start(ctx)
	for d.running > 0 {
		d.ended(<-d.done)
		d.start(ctx)
	}
	return n, err
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
