package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
	"github.com/distrobot/distrobot/hosting/aegir"
	"github.com/distrobot/distrobot/hosting/kind"
	"github.com/distrobot/distrobot/hosting/local"
	"github.com/distrobot/distrobot/internal/run"
)

// AegirConfig is the part of Config for DISTROBOT_BACKEND=aegir; .env.example
// explains it.
type AegirConfig struct {
	Flavour    string        `env:"FLAVOUR" envDefault:"aegir"`
	Drush      string        `env:"DRUSH"`
	Home       string        `env:"HOME"`
	Hostmaster string        `env:"HOSTMASTER" envDefault:"@hostmaster"`
	User       string        `env:"USER"`
	SSH        string        `env:"SSH"`
	SSHKey     string        `env:"SSH_KEY"`
	KnownHosts string        `env:"KNOWN_HOSTS"`
	Reload     string        `env:"RELOAD" envDefault:"sudo /etc/init.d/nginx reload"`
	PID        string        `env:"PID" envDefault:"/run/nginx.pid"`
	Check      string        `env:"CHECK" envDefault:"127.0.0.1:8917"`
	Public     string        `env:"PUBLIC"`
	Profile    string        `env:"PROFILE" envDefault:"standard"`
	Client     string        `env:"CLIENT" envDefault:"admin"`
	Email      string        `env:"EMAIL"`
	Language   string        `env:"LANGUAGE" envDefault:"en"`
	Limit      time.Duration `env:"LIMIT" envDefault:"6h"`
	Sync       time.Duration `env:"SYNC" envDefault:"5m"`
	Serial     bool          `env:"SERIAL"`
	Platforms  string        `env:"PLATFORMS"`
}

// flavoured fills in what differs between distributions of Aegir.
func (a AegirConfig) flavoured() (AegirConfig, error) {
	switch a.Flavour {
	case "aegir":
		a.Drush, a.Home, a.User = cmp.Or(a.Drush, "drush"), cmp.Or(a.Home, "/var/aegir"), cmp.Or(a.User, "aegir")
	case "boa":
		if a.Home == "" {
			return a, fmt.Errorf("DISTROBOT_AEGIR_FLAVOUR=boa needs DISTROBOT_AEGIR_HOME, such as /data/disk/o1: each of its users has an Aegir")
		}
		a.Drush, a.User, a.Serial = cmp.Or(a.Drush, "drush8"), cmp.Or(a.User, filepath.Base(a.Home)), true
		a.Platforms = cmp.Or(a.Platforms, filepath.Join(a.Home, "static", "platforms"))
	case "devshop":
		return a, fmt.Errorf("DISTROBOT_AEGIR_FLAVOUR=devshop: devshop updates its projects in place and has no platforms to move sites between; it cannot be driven")
	default:
		return a, fmt.Errorf("DISTROBOT_AEGIR_FLAVOUR=%s: it must be aegir or boa", a.Flavour)
	}
	if a.Sync < 10*time.Second {
		return a, fmt.Errorf("DISTROBOT_AEGIR_SYNC=%s: look at most every ten seconds", a.Sync)
	}
	return a, nil
}

// aegir is the backend of DISTROBOT_BACKEND=aegir.
func (c Config) aegir(b *local.Backend) (hosting.Backend, error) {
	a, err := c.Aegir.flavoured()
	if err != nil {
		return nil, err
	}
	d := &aegir.Drush{Program: strings.Fields(a.Drush), Hostmaster: a.Hostmaster, Home: a.Home, Env: run.Environ("HOME=" + a.Home)}
	switch {
	case a.Email == "":
		return nil, fmt.Errorf("DISTROBOT_BACKEND=aegir needs DISTROBOT_AEGIR_EMAIL, the address of new sites' client")
	case len(d.Program) == 0 || strings.TrimSpace(a.Reload) == "":
		return nil, fmt.Errorf("DISTROBOT_BACKEND=aegir needs DISTROBOT_AEGIR_DRUSH and DISTROBOT_AEGIR_RELOAD")
	case a.SSH != "":
		ssh, err := a.ssh(c.Data)
		if err != nil {
			return nil, err
		}
		d.SSH = ssh
	default:
		if _, err := run.LookPath(d.Program[0], d.Env); err != nil {
			return nil, fmt.Errorf("DISTROBOT_AEGIR_DRUSH=%s: %w", a.Drush, err)
		}
		if os.Geteuid() == 0 {
			as, err := runUser(a.User)
			if err != nil {
				return nil, fmt.Errorf("DISTROBOT_AEGIR_USER=%s: %w", a.User, err)
			}
			d.As = as
			d.Env = append(d.Env, "TMPDIR=/tmp") // ours may be closed to it
		}
	}
	return &aegir.Backend{
		Tasks: &aegir.Runner{Drush: d, Serial: a.Serial}, Host: fleet.HostName(c.Host), Records: b, Limit: a.Limit, Docroot: docroot, Ours: a.Platforms,
		Web: aegir.Web{
			Dir: filepath.Join(a.Home, "config", "server_master", "nginx"), Reload: strings.Fields(a.Reload), PID: a.PID, Check: a.Check, Public: a.Public,
		},
		New: aegir.NewSite{Profile: a.Profile, Client: a.Client, Email: a.Email, Language: a.Language},
	}, nil
}

// ssh reads where Aegir is: user@host or user@host:port.
func (a AegirConfig) ssh(data string) (*aegir.SSH, error) {
	who, host, ok := strings.Cut(a.SSH, "@")
	host, port, named := strings.Cut(host, ":")
	n := 22
	var err error
	if named {
		n, err = strconv.Atoi(port)
	}
	if !ok || who == "" || host == "" || strings.HasPrefix(host, "-") || err != nil {
		return nil, fmt.Errorf("DISTROBOT_AEGIR_SSH=%s: it must be user@host or user@host:port", a.SSH)
	}
	for name, file := range map[string]string{"SSH_KEY": a.SSHKey, "KNOWN_HOSTS": a.KnownHosts} {
		if _, err := os.Stat(file); err != nil {
			return nil, fmt.Errorf("DISTROBOT_AEGIR_%s: %w", name, err)
		}
	}
	if err := os.MkdirAll(data, 0o700); err != nil {
		return nil, err
	}
	return &aegir.SSH{Host: host, User: who, Port: n, Key: a.SSHKey, KnownHosts: a.KnownHosts, Control: filepath.Join(data, "aegir.ssh")}, nil
}

// docroot is what the tree's kind says that is served.
func docroot(t hosting.Tree) string {
	for _, k := range kind.All() {
		if k.Detect(t) {
			return k.App(t).Docroot
		}
	}
	return t.Spec.Docroot
}

// runUser looks a user of this machine up, with all of its groups: Aegir's has to be
// in the web server's, or no site can read its settings.
func runUser(name string) (*run.User, error) {
	u, err := user.Lookup(name)
	if err != nil {
		return nil, err
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		return nil, err
	}
	as := &run.User{UID: uint32(uid), GID: uint32(gid)}
	groups, err := u.GroupIds()
	for _, g := range groups {
		id, bad := strconv.ParseUint(g, 10, 32)
		as.Groups, err = append(as.Groups, uint32(id)), errors.Join(err, bad)
	}
	return as, err
}
