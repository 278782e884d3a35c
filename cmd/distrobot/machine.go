package main

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting/local"
	"github.com/distrobot/distrobot/hosting/web"
	"github.com/distrobot/distrobot/internal/database"
)

// machine makes the backend of this hosting machine from the settings. The
// second value ends what it holds open.
func (c Config) machine() (*local.Backend, func(), error) {
	b := &local.Backend{Data: c.Data, Host: fleet.HostName(c.Host), HTTPS: c.Certificate != ""}
	if os.Geteuid() == 0 && c.Web != "builtin" {
		var err error
		if b.Users, err = parseUsers(c.Users); err != nil {
			return nil, nil, err
		}
	}
	front, err := c.front()
	if err != nil {
		return nil, nil, err
	}
	switch {
	case front != nil: // not a nil *web.Front in an interface
		b.Front = front
	case c.Web == "none":
		b.Front = &web.Bare{Dir: filepath.Join(c.Data, "web"), Sites: filepath.Join(c.Data, "sites"), Address: c.ownServer()}
	}
	server, end, err := c.server()
	b.Server = server
	return b, end, err
}

// parseUsers reads FIRST-LAST.
func parseUsers(text string) (local.IDs, error) {
	first, last, _ := strings.Cut(text, "-")
	a, errA := strconv.ParseUint(strings.TrimSpace(first), 10, 32)
	b, errB := strconv.ParseUint(strings.TrimSpace(last), 10, 32)
	if errA != nil || errB != nil || a < 1000 || b < a {
		return local.IDs{}, fmt.Errorf("DISTROBOT_SITE_USERS=%s: it must be FIRST-LAST, with numbers of 1000 and more", text)
	}
	return local.IDs{First: uint32(a), Last: uint32(b)}, nil
}

// front makes what configures nginx and PHP-FPM; nil if sites are served by the
// built-in server alone.
func (c Config) front() (*web.Front, error) {
	switch c.Web {
	case "builtin", "none":
		return nil, nil
	case "nginx":
	default:
		return nil, fmt.Errorf("DISTROBOT_WEB=%s: it must be builtin, nginx or none", c.Web)
	}
	if os.Geteuid() == 0 {
		// nginx and PHP run as users of their own and must get through.
		if err := os.Chmod(c.Data, 0o751); err != nil {
			return nil, fmt.Errorf("the data directory: %w", err)
		}
	}
	return &web.Front{
		Dir: filepath.Join(c.Data, "web"), Templates: filepath.Join(c.Data, "templates"),
		Nginx:  web.Server{Test: strings.Fields(c.NginxTest), Reload: strings.Fields(c.NginxReload), Dump: dump(c.NginxTest, "-T")},
		FPM:    web.Server{Test: strings.Fields(c.FPMTest), Reload: strings.Fields(c.FPMReload), Dump: dump(c.FPMTest, "-tt")},
		Listen: c.NginxListen, ListenTLS: c.TLSListen, Certificate: c.Certificate, Key: c.PrivateKey,
	}, nil
}

// ownServer is where the people's own web server listens.
func (c Config) ownServer() string {
	if len(c.NginxListen) > 0 {
		return c.NginxListen[0]
	}
	return "127.0.0.1:80"
}

// dump is the command of a test with another flag in the place of -t.
func dump(test, flag string) []string {
	argv := strings.Fields(test)
	for i, a := range argv {
		if a == "-t" {
			argv[i] = flag
			return argv
		}
	}
	return nil
}

// server opens the database server; nil if there is none.
func (c Config) server() (*local.Server, func(), error) {
	if c.DB == "" {
		return nil, func() {}, nil
	}
	s := &local.Server{Prefix: c.DBPrefix}
	from := c.DBFrom
	open := database.Server{User: c.DBUser, Password: database.Secret(c.DBPassword), Prefix: c.DBPrefix, AccountHost: from}
	if socket, ok := strings.CutPrefix(c.DB, "unix:"); ok {
		s.Socket, open.Socket = socket, socket
	} else {
		host, port, err := net.SplitHostPort(c.DB)
		n, bad := strconv.ParseUint(port, 10, 16)
		if err != nil || bad != nil {
			return nil, nil, fmt.Errorf("DISTROBOT_DB=%s: it must be unix:/path/of/the/socket or HOST:PORT", c.DB)
		}
		s.Host, s.Port, open.Addr = host, int(n), c.DB
	}
	m, err := database.OpenMySQL(open)
	if err != nil {
		return nil, nil, fmt.Errorf("DISTROBOT_DB: %w", err)
	}
	s.Store, s.Accounts = m, m
	return s, func() { _ = m.Close() }, nil
}
