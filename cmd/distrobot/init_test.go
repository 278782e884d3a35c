package main

import (
	"bufio"
	"bytes"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/joho/godotenv"

	"github.com/distrobot/distrobot"
)

// Tokens of nobody, in pieces, so that no scanner takes them for real ones.
var (
	someBotToken = "xoxb-" + "1-2-init"
	someAppToken = "xapp-" + "1-A-2-init"
)

func talk(t *testing.T, have map[string]string, lines ...string) (map[string]string, string, error) {
	t.Helper()
	var out bytes.Buffer
	d := &dialogue{in: bufio.NewReader(strings.NewReader(strings.Join(lines, "\n"))), out: &out, have: have}
	got, err := d.ask(initQuestions())
	return got, out.String(), err
}

// TestInitAsksAgain: what cannot be right is asked again with what it should be,
// Enter keeps what is there, and a secret that is there is not shown.
func TestInitAsksAgain(t *testing.T) {
	have := map[string]string{"SLACK_APP_TOKEN": someAppToken, "DISTROBOT_CHANNEL": "#distrobot", "DISTROBOT_REDIS_URL": "local"}
	got, shown, err := talk(t, have, "hello", someBotToken, "", "everybody", "U0ALICE, @admins", "", "", "redis://127.0.0.1:6379/0")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"SLACK_BOT_TOKEN": someBotToken, "SLACK_APP_TOKEN": someAppToken, "DISTROBOT_ADMINS": "U0ALICE, @admins",
		"DISTROBOT_MAINTAINERS": "", "DISTROBOT_CHANNEL": "#distrobot", "DISTROBOT_REDIS_URL": "redis://127.0.0.1:6379/0"}
	for name, value := range want {
		if got[name] != value {
			t.Errorf("%s is %q, not %q", name, got[name], value)
		}
	}
	for _, text := range []string{"A bot token begins with xoxb-.", "A member id looks like U012ABCDEF", "[kept as it is]", "[#distrobot]"} {
		if !strings.Contains(shown, text) {
			t.Errorf("it does not say %q:\n%s", text, shown)
		}
	}
	if strings.Contains(shown, someAppToken) {
		t.Error("a secret is shown")
	}
	if _, _, err := talk(t, have, someBotToken); err == nil {
		t.Error("answers that end early are taken")
	}
}

// TestInitWritesSettings: the answers stand at their documented places, the rest
// of a file stays, and what was written is read as it was answered.
func TestInitWritesSettings(t *testing.T) {
	fresh := filepath.Join(t.TempDir(), ".env")
	answers := map[string]string{"SLACK_BOT_TOKEN": someBotToken, "DISTROBOT_CHANNEL": "#sites", "DISTROBOT_KEY": strings.Repeat("k", 32)}
	if err := writeSettings(fresh, answers); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(fresh)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("a new file with tokens has the mode %o", info.Mode().Perm())
	}
	raw, err := os.ReadFile(fresh)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := strings.Count(string(raw), "\n"), strings.Count(distrobot.Settings, "\n"); got != want {
		t.Errorf("%d lines, the example has %d", got, want)
	}
	checkSettingsOf(t, fresh, answers)

	mine := filepath.Join(t.TempDir(), "mine.env")
	if err := os.WriteFile(mine, []byte("# mine\nDISTROBOT_CHANNEL=#old\nOTHER=1"), 0o640); err != nil {
		t.Fatal(err)
	}
	if err := writeSettings(mine, answers); err != nil {
		t.Fatal(err)
	}
	answers["OTHER"] = "1"
	checkSettingsOf(t, mine, answers)
	if info, err := os.Stat(mine); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("the mode of a file that was there has changed: %v, %v", info.Mode(), err)
	}
}

func checkSettingsOf(t *testing.T, file string, want map[string]string) {
	t.Helper()
	got, err := godotenv.Read(file)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range want {
		if got[name] != value {
			t.Errorf("%s: %s is %q, not %q", filepath.Base(file), name, got[name], value)
		}
	}
}

// TestManifestLink: Slack gets the manifest whole, and the address is one that
// browsers and terminals carry.
func TestManifestLink(t *testing.T) {
	link := manifestLink()
	if len(link) > 8000 {
		t.Errorf("the link has %d characters", len(link))
	}
	u, err := url.Parse(link)
	if err != nil {
		t.Fatal(err)
	}
	var whole, sent any
	if err := yaml.Unmarshal([]byte(distrobot.Manifest), &whole); err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal([]byte(u.Query().Get("manifest_yaml")), &sent); err != nil {
		t.Fatal(err)
	}
	a, _ := yaml.Marshal(whole)
	b, _ := yaml.Marshal(sent)
	if !bytes.Equal(a, b) {
		t.Errorf("the link's manifest differs:\n%s", b)
	}
}
