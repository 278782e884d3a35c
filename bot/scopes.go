package bot

import (
	"maps"
	"slices"
	"strings"
)

// methodScopes lists every method of the Web API that the bot calls, with the
// scopes of the bot token that it needs. slack-manifest.yaml asks for exactly
// these; a test holds the two, and the source, together.
func methodScopes() map[string][]string {
	return map[string][]string{
		"auth.test":                     nil,
		"bots.info":                     {"users:read"},
		"apps.connections.open":         nil, // app token: connections:write
		"chat.postMessage":              {"chat:write"},
		"chat.postEphemeral":            {"chat:write"},
		"chat.update":                   {"chat:write"},
		"chat.getPermalink":             nil,
		"views.open":                    nil,
		"views.update":                  nil,
		"views.publish":                 nil,
		"users.info":                    {"users:read"},
		"users.list":                    {"users:read"},
		"usergroups.list":               {"usergroups:read"},
		"usergroups.users.list":         {"usergroups:read"},
		"conversations.info":            {"channels:read", "groups:read"},
		"conversations.list":            {"channels:read", "groups:read"},
		"conversations.members":         {"channels:read", "groups:read"},
		"conversations.history":         {"channels:history", "groups:history", "im:history"},
		"conversations.replies":         {"channels:history", "groups:history", "im:history"},
		"conversations.open":            {"im:write"},
		"files.getUploadURLExternal":    {"files:write"},
		"files.completeUploadExternal":  {"files:write"},
		"event app_mention":             {"app_mentions:read"},
		"event message.im":              {"im:history"},
		"event member_joined_channel":   {"channels:read", "groups:read"},
		"event subteam_members_changed": {"usergroups:read"},
		"event app_home_opened":         nil,
		"slash command /distro":         {"commands"},
	}
}

// Scopes lists the scopes of the bot token, sorted.
func Scopes() []string {
	set := map[string]bool{}
	for _, scopes := range methodScopes() {
		for _, s := range scopes {
			set[s] = true
		}
	}
	return slices.Sorted(maps.Keys(set))
}

// Methods lists the methods of the Web API that the bot calls, sorted.
func Methods() []string {
	all := slices.Sorted(maps.Keys(methodScopes()))
	return slices.DeleteFunc(all, func(name string) bool { return strings.Contains(name, " ") })
}
