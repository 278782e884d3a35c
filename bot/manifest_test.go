package bot

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

// manifest is what the tests read of slack-manifest.yaml.
type manifest struct {
	Features struct {
		SlashCommands []struct {
			Command   string `yaml:"command"`
			UsageHint string `yaml:"usage_hint"`
		} `yaml:"slash_commands"`
		AppHome struct {
			Home bool `yaml:"home_tab_enabled"`
		} `yaml:"app_home"`
	} `yaml:"features"`
	OAuth struct {
		Scopes struct {
			Bot []string `yaml:"bot"`
		} `yaml:"scopes"`
	} `yaml:"oauth_config"`
	Settings struct {
		Events struct {
			Bot []string `yaml:"bot_events"`
		} `yaml:"event_subscriptions"`
		Interactivity struct {
			Enabled bool `yaml:"is_enabled"`
		} `yaml:"interactivity"`
		SocketMode bool `yaml:"socket_mode_enabled"`
	} `yaml:"settings"`
}

func readManifest(t *testing.T) manifest {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "slack-manifest.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var m manifest
	if err := yaml.Unmarshal(raw, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

// TestManifestAsksForExactlyWhatIsUsed compares the manifest with the list of
// methods and events.
func TestManifestAsksForExactlyWhatIsUsed(t *testing.T) {
	m := readManifest(t)
	if !slices.Equal(m.OAuth.Scopes.Bot, Scopes()) {
		t.Errorf("scopes:\n have %v\n used %v", m.OAuth.Scopes.Bot, Scopes())
	}
	for event := range methodScopes() {
		name, ok := strings.CutPrefix(event, "event ")
		if ok && !slices.Contains(m.Settings.Events.Bot, name) {
			t.Errorf("the event %s is handled and not subscribed to", name)
		}
	}
	for _, e := range m.Settings.Events.Bot {
		if _, ok := methodScopes()["event "+e]; !ok {
			t.Errorf("the event %s is subscribed to and has no scope on the list", e)
		}
	}
	if !m.Settings.SocketMode || !m.Settings.Interactivity.Enabled || !m.Features.AppHome.Home || m.Features.SlashCommands[0].Command != "/distro" {
		t.Errorf("manifest: %+v", m)
	}
}

// calls are the functions of slack-go that this package uses, by the method of
// the Web API that each calls.
var calls = map[string]string{
	"AuthTestContext":   "auth.test",
	"GetBotInfoContext": "bots.info", "GetUsersInConversationContext": "conversations.members", "PostMessageContext": "chat.postMessage", "PostEphemeralContext": "chat.postEphemeral",
	"UpdateMessageContext": "chat.update", "GetPermalinkContext": "chat.getPermalink", "OpenViewContext": "views.open", "UpdateViewContext": "views.update",
	"PublishViewContext": "views.publish", "GetUserInfoContext": "users.info", "GetUsersContext": "users.list", "GetUsersPaginated": "users.list", "GetUserGroupsContext": "usergroups.list",
	"GetUserGroupMembersContext": "usergroups.users.list", "GetConversationsContext": "conversations.list", "GetConversationInfoContext": "conversations.info",
	"OpenConversationContext": "conversations.open", "GetUploadURLExternalContext": "files.getUploadURLExternal", "CompleteUploadExternalContext": "files.completeUploadExternal",
	"UploadToURL":                   "files.getUploadURLExternal", // to the address that it gave
	"GetConversationHistoryContext": "conversations.history", "GetConversationRepliesContext": "conversations.replies",
}

// TestEachMethodIsListed finds the calls in the source, so that a new one cannot
// go without its scope.
func TestEachMethodIsListed(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	call := regexp.MustCompile(`\bapi\.([A-Z]\w*)\(`)
	used := map[string]bool{}
	for _, f := range files {
		if strings.HasSuffix(f, "_test.go") {
			continue
		}
		src, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range call.FindAllStringSubmatch(string(src), -1) {
			method, known := calls[m[1]]
			if !known {
				t.Errorf("%s calls %s, which the test does not know", f, m[1])
			}
			used[method] = true
		}
	}
	for method := range methodScopes() {
		if strings.Contains(method, " ") || method == "apps.connections.open" {
			continue // an event or a command; slack-go opens connections itself
		}
		if !used[method] {
			t.Errorf("%s is listed and never called", method)
		}
	}
	for method := range used {
		if _, ok := methodScopes()[method]; !ok {
			t.Errorf("%s is called and has no scopes on the list", method)
		}
	}
}
