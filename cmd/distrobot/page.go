package main

import (
	"context"
	"net/http"

	"github.com/distrobot/distrobot/bot"
	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/web"
)

// site makes the pages that people open in a browser; streams of them end with
// ctx.
func (a *app) site(ctx context.Context, b *bot.Bot) (http.Handler, error) {
	c := web.Config{
		Pages: a.pages, Planner: a.planner, Catalog: a.catalog, Tasks: a.tasks, Hosts: a.hosts, Logs: a.store, Desk: a.table,
		Differences: &fleet.Differences{Store: a.store, Reader: a.poller}, Permalink: b.Permalink, Closing: ctx.Done(),
		Fault: func(r *http.Request, err error) { a.log.Error("a page failed", "path", r.URL.Path, "err", err) },
	}
	if a.cfg.SlackClientID != "" {
		c.SignIn = &web.SignIn{ID: a.cfg.SlackClientID, Secret: a.cfg.SlackClientSecret, Issuer: a.cfg.SlackIssuer, Team: b.Team}
	}
	return web.New(c)
}
