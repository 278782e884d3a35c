package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"regexp"
	"strings"

	"github.com/alecthomas/kong"
	"github.com/joho/godotenv"
	"golang.org/x/term"

	"github.com/distrobot/distrobot"
)

// initCmd asks the few questions that a first start needs, writes the settings
// and has doctor look at them. Run again, it offers what is there as the default.
type initCmd struct {
	File string `name:"file" help:"Where the settings are written; without it .env here, or the file that the package installed." type:"path"`
}

// Run implements the subcommand. Nothing is written unless every question was
// answered.
func (c initCmd) Run(ctx context.Context, k *kong.Kong) error {
	file := c.File
	if file == "" {
		file = ".env"
		if _, err := os.Stat(file); err != nil && exists(packagedSettings) {
			file = packagedSettings
		}
	}
	have, err := settingsThere(file)
	if err != nil {
		return err
	}
	fmt.Fprintf(k.Stdout, "1. Make the Slack app: open this address, choose your workspace, and install the app there.\n\n   %s\n\n2. Answer these; Enter keeps what is in brackets.\n\n", manifestLink())
	d := &dialogue{in: bufio.NewReader(os.Stdin), out: k.Stdout, have: have}
	if f := os.Stdin; term.IsTerminal(int(f.Fd())) {
		d.hidden = func() (string, error) {
			b, err := term.ReadPassword(int(f.Fd()))
			fmt.Fprintln(d.out)
			return string(b), err
		}
	}
	answers, err := d.ask(initQuestions())
	if err != nil {
		return &exitError{code: exitFailed, text: "Nothing was written: " + err.Error()}
	}
	if answers["DISTROBOT_KEY"] = have["DISTROBOT_KEY"]; len(answers["DISTROBOT_KEY"]) < 32 {
		if answers["DISTROBOT_KEY"], err = newKey(); err != nil {
			return err
		}
	}
	if err := writeSettings(file, answers); err != nil {
		return err
	}
	fmt.Fprintf(k.Stdout, "\n3. Written to %s. What doctor says of it:\n\n", file)
	if err := godotenv.Overload(file); err != nil {
		return fmt.Errorf("%s cannot be read again: %w", file, err)
	}
	if err := (doctorCmd{}).Run(ctx); err != nil {
		return err
	}
	fmt.Fprintln(k.Stdout, "\nStart it with `distrobot serve`, or `systemctl enable --now distrobot distrobot-worker` where the package is installed. Then invite it to the channel: /invite @distrobot")
	return nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// manifestLink opens Slack's dialog for a new app with our manifest in it; see
// https://docs.slack.dev/app-manifests/configuring-apps-with-app-manifests.
func manifestLink() string {
	var lines []string
	for line := range strings.Lines(distrobot.Manifest) {
		if t := strings.TrimSpace(line); t != "" && !strings.HasPrefix(t, "#") {
			lines = append(lines, line)
		}
	}
	return "https://api.slack.com/apps?new_app=1&manifest_yaml=" + url.QueryEscape(strings.Join(lines, ""))
}

func newKey() (string, error) {
	raw := make([]byte, 32)
	if _, err := rand.Read(raw); err != nil {
		return "", err
	}
	return hex.EncodeToString(raw), nil
}

// A question is one setting that init asks for.
type question struct {
	name, text string
	secret     bool // not shown while it is typed, nor as a default
	optional   bool
	like       *regexp.Regexp
	wrong      string // what to say of an answer that is not like it
}

func initQuestions() []question {
	people := regexp.MustCompile(`^([UWS][A-Z0-9]{5,}|@[a-z0-9._-]+)(\s*,\s*([UWS][A-Z0-9]{5,}|@[a-z0-9._-]+))*$`)
	return []question{
		{name: "SLACK_BOT_TOKEN", text: "Bot User OAuth Token (OAuth & Permissions)", secret: true,
			like: regexp.MustCompile(`^xoxb-[A-Za-z0-9-]+$`), wrong: "A bot token begins with xoxb-."},
		{name: "SLACK_APP_TOKEN", text: "App-Level Token with connections:write (Basic Information)", secret: true,
			like: regexp.MustCompile(`^xapp-[A-Za-z0-9-]+$`), wrong: "An app-level token begins with xapp-."},
		{name: "DISTROBOT_ADMINS", text: "Administrators: member ids or groups, separated by commas", like: people,
			wrong: "A member id looks like U012ABCDEF (your Slack profile, Copy member ID), a group like @admins."},
		{name: "DISTROBOT_MAINTAINERS", text: "Maintainers, who may build and confirm (may be empty)", optional: true, like: people,
			wrong: "A member id looks like U012ABCDEF, a group like @release-managers."},
		{name: "DISTROBOT_CHANNEL", text: "Channel for announcements", like: regexp.MustCompile(`^(#[^\s#]{1,79}|C[A-Z0-9]{5,})$`),
			wrong: "A channel is written #name."},
		{name: "DISTROBOT_REDIS_URL", text: "Redis: local (a server of our own), or an address such as redis://127.0.0.1:6379/0",
			like: regexp.MustCompile(`^(local|(rediss?|unix|redis\+sentinel|redis\+cluster)://\S+)$`), wrong: "Write local, or an address that begins with redis://, rediss:// or unix://."},
	}
}

// A dialogue asks questions on a terminal, or of a file of answers.
type dialogue struct {
	in     *bufio.Reader
	out    io.Writer
	have   map[string]string
	hidden func() (string, error) // reads without showing; nil where there is no terminal
}

func (d *dialogue) ask(questions []question) (map[string]string, error) {
	out := map[string]string{}
	for _, q := range questions {
		answer, err := d.one(q)
		if err != nil {
			return nil, err
		}
		out[q.name] = answer
	}
	return out, nil
}

func (d *dialogue) one(q question) (string, error) {
	for {
		shown := d.have[q.name]
		if q.secret && shown != "" {
			shown = "kept as it is"
		}
		if shown != "" {
			shown = " [" + shown + "]"
		}
		fmt.Fprintf(d.out, "   %s%s: ", q.text, shown)
		answer, err := d.read(q)
		if answer == "" && err == nil {
			answer = d.have[q.name]
		}
		switch {
		case err != nil:
			return "", err
		case answer == "" && q.optional, q.like.MatchString(answer):
			return answer, nil
		}
		fmt.Fprintf(d.out, "   %s\n", q.wrong)
	}
}

func (d *dialogue) read(q question) (string, error) {
	if q.secret && d.hidden != nil {
		s, err := d.hidden()
		return strings.TrimSpace(s), err
	}
	s, err := d.in.ReadString('\n')
	if s = strings.TrimSpace(s); err != nil && (s == "" || !errors.Is(err, io.EOF)) {
		return "", errors.New("the answers ended before the questions did")
	}
	return s, nil
}
