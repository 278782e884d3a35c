package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"strings"

	"github.com/distrobot/distrobot/bot/workspace"
)

// workspaceCmd runs only the local workspace, for several replicas or another
// Slack app.
type workspaceCmd struct {
	Listen        string `default:"127.0.0.1:8765" help:"Loopback address of the page and the API."`
	Token         string `help:"Opens the page and signs the tokens; random when empty."`
	People        string `help:"JSON file with the people." type:"path"`
	AppURL        string `name:"app-url" help:"HTTP mode: deliver to this address of the app; {kind} becomes commands, interactions or events."`
	SigningSecret string `help:"HTTP mode: sign with this secret."`
}

// Run implements the subcommand.
func (c workspaceCmd) Run(ctx context.Context) error {
	if err := loopbackOnly(c.Listen); err != nil {
		return err
	}
	opts := workspace.Options{Token: c.Token, AppURL: c.AppURL, SigningSecret: c.SigningSecret,
		Banner: "This workspace lives in memory: nothing is kept after it ends."}
	if c.People != "" {
		people, err := workspace.LoadPeople(c.People)
		if err != nil {
			return err
		}
		opts.People = people
	}
	ws := workspace.New(opts)
	defer ws.Close()
	log := newLogger(os.Stderr, "info", "text")
	addr, stop, err := listenAndServe(ctx, c.Listen, ws.Handler(), log)
	if err != nil {
		return err
	}
	defer stop()
	base := "http://" + addr.String()
	ws.SetBaseURL(base)
	fmt.Printf("Workspace: %s\n\nSettings for an app (in .env):\n", ws.PageURL())
	fmt.Printf("SLACK_API_URL=%s/api/\nSLACK_BOT_TOKEN=%s\n", base, ws.BotToken())
	if c.AppURL == "" {
		fmt.Printf("SLACK_APP_TOKEN=%s\n", ws.AppToken())
	} else {
		fmt.Printf("SLACK_SIGNING_SECRET=%s\n", ws.SigningSecret())
	}
	<-ctx.Done()
	ws.Close()
	return nil
}

// loopbackOnly refuses addresses other machines could reach: the workspace
// lets whoever holds its page act as anybody.
func loopbackOnly(addr string) error {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("--listen %s: write it like 127.0.0.1:8765", addr)
	}
	if ip := net.ParseIP(host); strings.EqualFold(host, "localhost") || (ip != nil && ip.IsLoopback()) {
		return nil
	}
	return fmt.Errorf("--listen %s: only a loopback address is allowed, because the page lets its reader act as anybody", addr)
}
