package fleet

import (
	"context"
	"regexp"
	"slices"
	"strings"
)

// An Install is what a new site is installed with, where its host's backend knows
// such things. It is kept beside the site.
type Install struct {
	URI      URI    `json:"uri"`
	Profile  string `json:"profile,omitempty"`  // of the application: "standard"
	Client   string `json:"client,omitempty"`   // whose site it is
	Language string `json:"language,omitempty"` // "en", "pt-br"
}

// Key implements Record.
func (i *Install) Key() Key { return Key{Catalogue, "install", string(i.URI)} }

// Entries implements Record.
func (i *Install) Entries() []Entry { return nil }

// The names of what an Install says, as options of a command and of Host.Installs.
const (
	InstallProfile  = "profile"
	InstallClient   = "client"
	InstallLanguage = "language"
)

var (
	installProfile  = regexp.MustCompile(`^[a-z][a-z0-9_]{0,59}$`)
	installClient   = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9 ._@-]{0,59}$`)
	installLanguage = regexp.MustCompile(`^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,2}$`)
)

// Values gives what was chosen, by name.
func (i Install) Values() map[string]string {
	out := map[string]string{}
	for name, v := range map[string]string{InstallProfile: i.Profile, InstallClient: i.Client, InstallLanguage: i.Language} {
		if v != "" {
			out[name] = v
		}
	}
	return out
}

// InstallOf reads what a task's Params say.
func InstallOf(uri URI, params map[string]string) Install {
	return Install{URI: uri, Profile: params[InstallProfile], Client: params[InstallClient], Language: params[InstallLanguage]}
}

// CheckInstall refuses values that are none.
func CheckInstall(i Install) error {
	for _, c := range []struct {
		value, what, like string
		form              *regexp.Regexp
	}{
		{i.Profile, "an installation profile", "standard", installProfile},
		{i.Client, "a client", "example-corp", installClient},
		{i.Language, "a language", "pt-br", installLanguage},
	} {
		if c.value != "" && !c.form.MatchString(c.value) {
			return Errorf(Invalid, "%q cannot be the name of %s.", Clean(c.value, 60), c.what).WithHint("An example that works: %s", c.like)
		}
	}
	return nil
}

// keepInstall records what a new site is installed with, if the worker of its host
// has said that it knows of all that was chosen.
func keepInstall(tx Tx, host HostName, i Install) error {
	values := i.Values()
	if len(values) == 0 {
		return nil
	}
	h := Host{Name: host}
	if _, err := tx.Get(&h); err != nil {
		return err
	}
	var unknown []string
	for name := range values {
		if !slices.Contains(h.Installs, name) {
			unknown = append(unknown, name)
		}
	}
	if len(unknown) > 0 {
		slices.Sort(unknown)
		return Errorf(Refused, "Sites on host %s cannot be given a %s: its backend (%s) does not know of that.", host, strings.Join(unknown, " or a "), orNone(h.Backend)).
			WithHint("Leave it out.")
	}
	have := Install{URI: i.URI}
	if _, err := tx.Get(&have); err != nil {
		return err
	}
	tx.Put(&i)
	return nil
}

// Install reads what a site was installed with; zero values if nobody chose.
func (c *Catalog) Install(ctx context.Context, uri URI) (Install, error) {
	i := Install{URI: uri}
	_, err := c.Store.Read(ctx, &i)
	return i, err
}
