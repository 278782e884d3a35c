package web

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

// applyTime bounds the work on one batch.
const applyTime = 5 * time.Minute

// apply does a batch of changes and answers each of them.
func (f *Front) apply(batch []*change) {
	ctx, cancel := context.WithTimeout(context.Background(), applyTime)
	defer cancel()
	unlock, err := f.lock(ctx)
	if err != nil {
		answer(batch, err)
		return
	}
	defer unlock()
	again, err := f.recover()
	if err != nil {
		answer(batch, err)
		return
	}
	f.divide(ctx, batch, again)
}

func answer(batch []*change, err error) {
	for _, c := range batch {
		c.done <- err
	}
}

// divide does a batch at once. If the servers refuse it, it is done in halves:
// one site's fault must not keep the others from being served.
func (f *Front) divide(ctx context.Context, batch []*change, again bool) {
	batch = f.admit(batch)
	if len(batch) == 0 {
		return
	}
	err := f.take(ctx, batch, again)
	var refused *refusal
	if len(batch) > 1 && (errors.As(err, &refused) || fleet.CodeOf(err) == fleet.Conflict) {
		f.divide(ctx, batch[:len(batch)/2], again)
		f.divide(ctx, batch[len(batch)/2:], again)
		return
	}
	answer(batch, err)
}

// admit answers those that would get another site's visitors, and gives the
// rest. Of two changes of one site the later counts, and both are answered.
func (f *Front) admit(batch []*change) []*change {
	sites, err := f.known()
	if err != nil {
		answer(batch, err)
		return nil
	}
	var out []*change
	for _, c := range batch {
		if c.site != nil {
			if err := taken(*c.site, sites); err != nil {
				c.done <- err
				continue
			}
			sites[c.uri] = *c.site
		} else {
			delete(sites, c.uri)
		}
		out = append(out, c)
	}
	return out
}

// take brings one batch into force, or changes nothing.
func (f *Front) take(ctx context.Context, batch []*change, again bool) error {
	sites, err := f.known()
	if err != nil {
		return err
	}
	var refused *refusal
	for _, b := range f.bases() {
		b.Again = again
		p, err := f.plan(sites, batch, b)
		if err != nil {
			return err
		}
		if err = f.carry(ctx, p); err == nil || !errors.As(err, &refused) || !refused.ofBase() {
			return err
		}
	}
	return refused
}

// bases are the contents of nginx.conf to try: what is on the disk, and
// otherwise everything, unless nginx says that the operator has it.
func (f *Front) bases() []base {
	all := []base{{Default: true, Hash: true}, {Default: true}, {Hash: true}, {}}
	b, err := os.ReadFile(f.basePath())
	if err != nil {
		return all
	}
	now := baseIn(string(b))
	out := []base{now}
	for _, b := range all {
		if b != now {
			out = append(out, b)
		}
	}
	return out
}

// carry writes, tests and reloads; whatever fails is taken back.
func (f *Front) carry(ctx context.Context, p *plan) error {
	if len(p.files) == 0 && p.nginx == "" && p.fpm == "" {
		return nil
	}
	if err := f.directories(p.served); err != nil {
		return err
	}
	u, err := f.write(p.files)
	if err != nil {
		return err
	}
	reloaded, err := f.bring(ctx, p)
	if err == nil {
		return f.keep()
	}
	if back := f.takeBack(u); back != nil {
		return errors.Join(err, back)
	}
	if reloaded {
		f.restore()
	}
	return err
}

// restore makes servers read again what they had before a change that failed
// half-way. That it failed is known already, and the reason of it.
func (f *Front) restore() {
	ctx, cancel := context.WithTimeout(context.Background(), f.wait())
	defer cancel()
	if exists(f.basePoolPath()) && f.command(ctx, "PHP-FPM", f.FPM.Reload) == nil {
		_ = f.awaitPool(ctx, f.basePool().Socket, serialIn(f.basePoolPath()))
	}
	since := uptime()
	if f.command(ctx, "nginx", f.Nginx.Reload) == nil && exists(f.basePath()) {
		_ = f.awaitNginx(ctx, serialIn(f.basePath()), since)
	}
}

// bring lets the servers take the files over. Pools are first: a vhost must
// find its pool.
func (f *Front) bring(ctx context.Context, p *plan) (reloaded bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, 2*f.wait())
	defer cancel()
	if p.fpm != "" {
		if err := f.test(ctx, "PHP-FPM", f.FPM.Test); err != nil {
			return false, err
		}
	}
	if p.nginx != "" {
		if err := f.test(ctx, "nginx", f.Nginx.Test); err != nil {
			return false, err
		}
	}
	if p.fpm != "" {
		if err := f.command(ctx, "PHP-FPM", f.FPM.Reload); err != nil {
			return false, err
		}
		if err := f.awaitPools(ctx, p); err != nil {
			return true, err
		}
	}
	if p.nginx != "" {
		since := uptime()
		if err := f.command(ctx, "nginx", f.Nginx.Reload); err != nil {
			return p.fpm != "", err
		}
		if err := f.awaitNginx(ctx, p.nginx, since); err != nil {
			return true, err
		}
	}
	return true, nil
}

// lock keeps other processes and other Fronts away from the files. Programs
// that are started do not inherit it.
func (f *Front) lock(ctx context.Context) (func(), error) {
	for _, d := range []string{"vhosts", "pools", "sites", "run"} {
		if err := os.MkdirAll(filepath.Join(f.Dir, d), 0o755); err != nil {
			return nil, err
		}
	}
	l, err := os.OpenFile(filepath.Join(f.Dir, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	tick := time.NewTicker(poll)
	defer tick.Stop()
	for {
		err := syscall.Flock(int(l.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return func() { _ = l.Close() }, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			_ = l.Close()
			return nil, err
		}
		select {
		case <-ctx.Done():
			_ = l.Close()
			return nil, fleet.Errorf(fleet.Later, "Another process has been changing the web server for %s.", applyTime).Because(context.Cause(ctx))
		case <-tick.C:
		}
	}
}

// poll is how often something is looked for that cannot be awaited.
const poll = 5 * time.Millisecond
