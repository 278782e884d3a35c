package fleet_test

import (
	"strings"
	"testing"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/fleet/fleettest"
)

// TestInstall holds that what a new site is installed with is kept with it, checked,
// and refused where the host's backend does not know of it.
func TestInstall(t *testing.T) {
	for name, c := range map[string]struct {
		install fleet.Install
		knows   []string
		code    fleet.Code
		says    string
	}{
		"nothing chosen":       {},
		"all known":            {install: fleet.Install{Profile: "standard", Client: "Example Corp", Language: "pt-br"}, knows: []string{"profile", "client", "language"}},
		"a backend without":    {install: fleet.Install{Profile: "standard", Language: "en"}, code: fleet.Refused, says: "given a language or a profile"},
		"an option as profile": {install: fleet.Install{Profile: "--yes"}, knows: []string{"profile"}, code: fleet.Invalid, says: "installation profile"},
		"an equals sign":       {install: fleet.Install{Client: "a=b"}, knows: []string{"client"}, code: fleet.Invalid, says: "client"},
		"no language":          {install: fleet.Install{Language: "english please"}, knows: []string{"language"}, code: fleet.Invalid, says: "language"},
	} {
		t.Run(name, func(t *testing.T) {
			store := fleettest.New()
			seed := func(r, have fleet.Record) {
				if err := store.Update(t.Context(), fleet.Catalogue, func(tx fleet.Tx) error {
					_, err := tx.Get(have)
					tx.Put(r)
					return err
				}); err != nil {
					t.Fatal(err)
				}
			}
			seed(&fleet.Host{Name: "web1", Backend: "local", Installs: c.knows}, &fleet.Host{Name: "web1"})
			seed(&fleet.Platform{Name: "p", Kind: "generic", State: fleet.PlatformReady, Paths: map[fleet.HostName]string{"web1": "/p"}}, &fleet.Platform{Name: "p"})
			_, task, err := (&fleet.Sites{Store: store}).Create(t.Context(), fleet.NewSite{URI: "new.example", Platform: "p", Install: c.install}, fleet.System("test"))
			if fleet.CodeOf(err) != c.code || err != nil && !strings.Contains(err.Error(), c.says) {
				t.Fatalf("got %v", err)
			}
			if err != nil {
				return
			}
			kept, err := (&fleet.Catalog{Store: store}).Install(t.Context(), "new.example")
			if c.install.URI = "new.example"; err != nil || kept != c.install || fleet.InstallOf("new.example", task.Params) != c.install {
				t.Errorf("kept %+v, ordered %v, %v", kept, task.Params, err)
			}
		})
	}
}
