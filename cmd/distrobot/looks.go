package main

import (
	"context"
	"path/filepath"
	"time"

	"github.com/distrobot/distrobot/hosting"
	chromium "github.com/distrobot/distrobot/internal/look"
	"github.com/distrobot/distrobot/internal/run"
)

// looksAtOnce is how many browsers a worker runs at a time; more looks wait.
const looksAtOnce = 2

// lookOptions are how this host runs Chromium: as the user of builds where
// distrobot is root, and without a network where the machine can take it away.
func (c Config) lookOptions(as *run.User) chromium.Options {
	return chromium.Options{Program: c.Chromium, As: as, Memory: c.ChromiumMemory << 20, NoSandbox: !c.ChromiumSandbox,
		Wrap: func(cmd run.Command) run.Command { return hosting.Offline(context.Background(), cmd) }}
}

// eyes opens the browsers that take pictures of sites.
func (c Config) eyes(as *run.User) func(context.Context) (hosting.Eye, error) {
	turns := make(chan struct{}, looksAtOnce)
	return func(ctx context.Context) (hosting.Eye, error) {
		select {
		case turns <- struct{}{}:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
		e, err := chromium.Open(ctx, c.lookOptions(as))
		if err != nil {
			<-turns
			return nil, err
		}
		return &turn{Engine: e, over: func() { <-turns }}, nil
	}
}

// A turn gives its place back when it is closed.
type turn struct {
	*chromium.Engine
	over func()
}

// Close implements hosting.Eye.
func (t *turn) Close() {
	t.Engine.Close()
	t.over()
}

// looksDir is where pictures of sites are kept while they are moved.
func (c Config) looksDir() string { return filepath.Join(c.Data, "looks") }

// lookStart bounds doctor's try of Chromium.
const lookStart = 40 * time.Second

// checkLooks starts Chromium as a look would. That there is none is no fault:
// distributions look at pages only where their policy says so.
func checkLooks(ctx context.Context, cfg Config) []finding {
	if _, err := chromium.Find(cfg.Chromium); err != nil {
		return []finding{warning("looks", "there is no Chromium: no pictures of sites before and after their move (policy look)",
			"install it: apt-get install chromium, or name it in DISTROBOT_CHROMIUM")}
	}
	as, err := cfg.buildUser()
	if err != nil {
		return []finding{broken("looks", err.Error(), "name a user without rights, such as nobody")}
	}
	ctx, cancel := context.WithTimeout(ctx, lookStart)
	defer cancel()
	e, err := chromium.Open(ctx, cfg.lookOptions(as))
	if err != nil {
		return []finding{broken("looks", "Chromium does not start, so no page can be looked at: "+err.Error(),
			"allow user namespaces for its sandbox; where only trusted sites are hosted, DISTROBOT_CHROMIUM_SANDBOX=false does without it")}
	}
	e.Close()
	text := "Chromium takes pictures of sites"
	if as != nil {
		text += " as " + cfg.BuildUser
	}
	out := []finding{fine("looks", text)}
	if !cfg.ChromiumSandbox {
		out = append(out, warning("looks", "Chromium runs without its sandbox: a hostile page has all that its user has", "unset DISTROBOT_CHROMIUM_SANDBOX if user namespaces can be allowed"))
	}
	return out
}
