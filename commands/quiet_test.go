package commands_test

import (
	"testing"

	"github.com/distrobot/distrobot/commands"
)

// What is not to be heard of a distribution, and how webhooks are set up, as
// people type it.
func TestQuietCommands(t *testing.T) {
	w := newWorld(t)
	w.table.Hooks = commands.Hooks{URL: "https://bot.example.org/", Secrets: map[string][]string{"github": {"s"}}}
	w.says(w.ask(bob, `add atrium --url https://git.example.org/atrium.git --versions ^1 --wait 72 --quiet-hours "22:00-07:00 Europe/Berlin"`), "Distribution atrium is added.")
	for _, c := range []struct{ line, want string }{
		{"ignore atrium", "No version of atrium is ignored."},
		{"ignore atrium 1.9.0", "Version 1.9.0 of atrium is ignored."},
		{"ignore atrium 1.9.0", "is ignored already"},
		{"ignore atrium", "1.9.0"},
		{"ignore atrium 1.9.0 --off", "is offered again"},
		{"mute atrium --off", "is not muted"},
		{"mute atrium 2", "is muted for 2 hours"},
		{"mute atrium --off", "is announced again"},
		{"mute atrium forever", "is not a number of hours"},
		{"hooks", "Webhooks are received from GitHub."},
		{"hooks github", "https://bot.example.org/hooks/github"},
		{"hooks forgejo", "DISTROBOT_GITEA_SECRET"},
		{"hooks sourcehut", "are not understood"},
		{"list", "versions ^1"},
		{"edit atrium --versions nonsense", "is not a range of versions"},
		{"edit atrium --quiet-hours all-day", "are not quiet hours"},
		{"edit atrium --versions ^1 --branch main", "one of a branch, tags and a range"},
	} {
		w.says(w.ask(bob, c.line), c.want)
	}
}
