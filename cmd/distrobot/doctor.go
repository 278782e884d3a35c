package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/distrobot/distrobot/bot"
	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/internal/run"
	"github.com/distrobot/distrobot/store"
)

// doctorCmd checks what distrobot needs and says what to do about each finding.
type doctorCmd struct {
	JSON bool `name:"json" help:"Print the findings as JSON."`
	ACL  bool `name:"acl" help:"Only print the line that gives distrobot an account of its own in Redis."`
}

// A finding is the outcome of one check.
type finding struct {
	Check  string `json:"check"`
	Level  string `json:"level"` // ok, warning or error
	Text   string `json:"text"`
	Remedy string `json:"remedy,omitempty"`
	Read   string `json:"read,omitempty"` // the page that says more
}

// pagesOfChecks are the pages about what a check looks at.
var pagesOfChecks = map[string]string{
	"settings": "README.md", "slack": "README.md", "keys": "docs/private.md", "builds": "docs/composer.md", "redis": "docs/redis.md",
	"web": "docs/web.md", "database": "docs/web.md", "users": "SECURITY.md", "aegir": "docs/aegir.md",
}

func fine(check, text string) finding { return finding{Check: check, Level: "ok", Text: text} }

func warning(check, text, remedy string) finding {
	return finding{Check: check, Level: "warning", Text: text, Remedy: remedy}
}

func broken(check, text, remedy string) finding {
	return finding{Check: check, Level: "error", Text: text, Remedy: remedy}
}

// Run checks everything, also after a failure, and ends with exit code 1 if
// anything is an error.
func (c doctorCmd) Run(ctx context.Context) error {
	if c.ACL {
		fmt.Println("user distrobot on >PASSWORD " + store.ACL)
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	cfg, err := loadConfig()
	if err != nil {
		return err
	}
	findings := checkSettings(cfg)
	findings = append(findings, checkGit(ctx)...)
	findings = append(findings, checkKeys(cfg)...)
	findings = append(findings, checkData(cfg)...)
	findings = append(findings, checkBuilds(ctx, cfg)...)
	findings = append(findings, checkLooks(ctx, cfg)...)
	findings = append(findings, checkSites(ctx, cfg)...)
	findings = append(findings, checkStore(ctx, cfg)...)
	findings = append(findings, checkSlack(ctx, cfg)...)
	return c.report(findings)
}

func (c doctorCmd) report(findings []finding) error {
	bad := 0
	for i, f := range findings {
		if f.Level == "error" {
			bad++
		}
		if f.Level != "ok" {
			findings[i].Read = pagesOfChecks[f.Check]
		}
	}
	if c.JSON {
		if err := json.NewEncoder(os.Stdout).Encode(findings); err != nil {
			return err
		}
	} else {
		for _, f := range findings {
			fmt.Printf("%-8s %-9s %s\n", f.Level, f.Check, f.Text)
			if f.Remedy != "" {
				fmt.Printf("%19s-> %s\n", "", f.Remedy)
			}
			if f.Read != "" {
				fmt.Printf("%19s   more in %s\n", "", f.Read)
			}
		}
	}
	if bad > 0 {
		return &exitError{code: exitFailed}
	}
	return nil
}

func checkSettings(cfg Config) []finding {
	err := cfg.checkServe()
	if err == nil {
		return []finding{fine("settings", "serve has what it needs")}
	}
	var out []finding
	for line := range strings.SplitSeq(err.Error(), "\n") {
		what, remedy, _ := strings.Cut(line, ": ")
		out = append(out, broken("settings", what, remedy))
	}
	return out
}

// oldestGit has protocol version 2 by default and fetches by hash.
const oldestGit = "2.28"

func checkGit(ctx context.Context) []finding {
	res, err := run.Run(ctx, run.Command{Program: "git", Args: []string{"version"}, Env: run.Environ(), Timeout: 10 * time.Second})
	if err != nil {
		return []finding{broken("git", "git cannot be run", "install it: apt-get install git")}
	}
	v := strings.TrimPrefix(strings.TrimSpace(res.Stdout), "git version ")
	have, ok := fleet.ParseVersion(v)
	want, _ := fleet.ParseVersion(oldestGit)
	if ok && have.Compare(want) < 0 {
		return []finding{warning("git", "git "+v+" is older than "+oldestGit, "install a newer one")}
	}
	return []finding{fine("git", "git "+v)}
}

// lowDisk is what a platform with its mirror and one site's copy easily takes.
const lowDisk = 2 << 30

func checkData(cfg Config) []finding {
	if err := cfg.ensureData(); err != nil {
		return []finding{broken("data", err.Error(), "make "+cfg.Data+" writable for this user, or set DISTROBOT_DATA")}
	}
	probe, err := os.CreateTemp(cfg.Data, ".doctor-")
	if err != nil {
		return []finding{broken("data", cfg.Data+" cannot be written", "change its owner, or set DISTROBOT_DATA")}
	}
	probe.Close()
	defer os.Remove(probe.Name())
	out := []finding{fine("data", cfg.Data+" can be written")}
	var fs syscall.Statfs_t
	if err := syscall.Statfs(cfg.Data, &fs); err == nil {
		free := uint64(fs.Bavail) * uint64(fs.Bsize)
		text := fmt.Sprintf("%.1f GB free where platforms and sites are kept", float64(free)/1e9)
		if free < lowDisk {
			out = append(out, warning("disk", text, "free some space: a migration that finds none is refused"))
		} else {
			out = append(out, fine("disk", text))
		}
		if fs.Files > 0 && fs.Ffree < fs.Files/20 { // some file systems count none
			out = append(out, warning("disk", fmt.Sprintf("only %d files more can be made there, of %d", fs.Ffree, fs.Files),
				"remove old platforms, or make the file system anew with more inodes"))
		}
	}
	if len(cfg.socketPath()) > 100 {
		out = append(out, broken("data", "the path of "+filepath.Base(cfg.socketPath())+" is too long for a socket", "choose a shorter DISTROBOT_DATA"))
	}
	if os.Getuid() == 0 {
		return append(out, fine("users", "as root, each site's programs can run as a user of their own"))
	}
	return append(out, warning("users", "not root: all sites share one user", "run `distrobot worker` as root on hosting machines with sites of different owners"))
}

func checkStore(ctx context.Context, cfg Config) []finding {
	if cfg.RedisURL == "memory" {
		return []finding{warning("redis", "in memory: everything is lost at exit", "set DISTROBOT_REDIS_URL=local, or to a server")}
	}
	a, err := openApp(ctx, cfg, appOptions{})
	if err != nil {
		return []finding{broken("redis", failure(err).Message.Text, "check DISTROBOT_REDIS_URL and that the server runs")}
	}
	defer a.close()
	d, err := a.store.Durability(ctx)
	if err != nil {
		return []finding{broken("redis", failure(err).Message.Text, "check that the server runs and may be written")}
	}
	out := append(durability(d, cfg), checkAccount(ctx, a.store)...)
	return append(out, a.checkAdvisories(ctx)...)
}

// checkSlack asks Slack who the bot is and compares its scopes with those of
// the manifest.
func checkSlack(ctx context.Context, cfg Config) []finding {
	if cfg.SlackBotToken == "" {
		return nil // said by checkSettings
	}
	tokens := bot.Tokens{Bot: cfg.SlackBotToken, App: cfg.SlackAppToken, Signing: cfg.SlackSigningSecret, APIURL: cfg.SlackAPIURL}
	who, missing, err := bot.Identify(ctx, tokens)
	switch {
	case err != nil:
		return []finding{broken("slack", "Slack does not accept the token or cannot be reached: "+fleet.Clean(err.Error(), 300),
			"check the network and SLACK_API_URL, and copy the bot token again from the app's page")}
	case len(missing) > 0:
		return []finding{broken("slack", who+", but the token lacks "+strings.Join(missing, ", "), "add them to the app and reinstall it from slack-manifest.yaml")}
	}
	out := []finding{fine("slack", who)}
	for _, text := range bot.Absent(ctx, tokens, []string{cfg.Channel}) {
		out = append(out, broken("slack", text, "invite the bot, or set DISTROBOT_CHANNEL to a channel that it is in"))
	}
	return out
}
