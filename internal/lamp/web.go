package lamp

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/distrobot/distrobot/internal/run"
)

// WebUser is the account that nginx's workers run as when the test runs as root.
const WebUser = "www-data"

// Nginx is a private web server whose virtual hosts are the files *.conf of a
// directory, read at its start and at each reload. It listens on nothing of its
// own but a socket in its directory.
type Nginx struct {
	Server
	// Test checks the configuration, Reload takes it over: argument vectors.
	Test, Reload []string
}

const nginxConfig = `%[1]sdaemon off;
worker_processes 1;
pid %[2]s/pid;
error_log %[2]s/log;
events { worker_connections 512; }
http {
	access_log off;
	client_body_temp_path %[2]s/body;
	proxy_temp_path %[2]s/proxy;
	fastcgi_temp_path %[2]s/fastcgi;
	uwsgi_temp_path %[2]s/uwsgi;
	scgi_temp_path %[2]s/scgi;
	include /etc/nginx/mime.types;
	default_type application/octet-stream;
	server { listen unix:%[2]s/s.sock; return 204; }
	include %[3]s/*.conf;
}
`

// StartNginx starts nginx with the virtual hosts in the directory include, which
// may be empty and is made if need be.
func StartNginx(include string) (*Nginx, error) {
	program, err := find("nginx", "nginx")
	if err != nil {
		return nil, err
	}
	dir, err := webDir(include)
	if err != nil {
		return nil, err
	}
	config := filepath.Join(dir, "nginx.conf")
	base := []string{program, "-e", filepath.Join(dir, "log"), "-c", config}
	n := &Nginx{Test: append(slices.Clone(base), "-t"), Reload: append(slices.Clone(base), "-s", "reload")}
	user := ""
	if os.Geteuid() == 0 {
		user = "user " + WebUser + ";\n"
	}
	if err := os.WriteFile(config, fmt.Appendf(nil, nginxConfig, user, dir, include), 0o644); err != nil {
		return nil, err
	}
	n.Server = Server{Dir: dir, socket: filepath.Join(dir, "s.sock"), log: filepath.Join(dir, "log"), command: run.Command{
		Program: program, Args: base[1:], Env: run.Environ(),
	}}
	return n, n.startOrRemove()
}

// FPM is a private PHP-FPM whose pools are the files *.conf of a directory, read
// at its start and at each reload.
type FPM struct {
	Server
	// Test checks the configuration, Reload takes it over: argument vectors.
	Test, Reload []string
}

const fpmConfig = `[global]
daemonize = no
pid = %[1]s/pid
error_log = %[1]s/log
include = %[3]s/*.conf

; without any pool the program would refuse to start
[lamp]
%[2]slisten = %[1]s/s.sock
pm = ondemand
pm.max_children = 1
`

// StartFPM starts PHP-FPM with the pools in the directory include, which may be
// empty and is made if need be. Only as root can the pools have users.
func StartFPM(include string) (*FPM, error) {
	program, err := find("php-fpm", "php-fpm", "php-fpm[0-9]*")
	if err != nil {
		return nil, err
	}
	dir, err := webDir(include)
	if err != nil {
		return nil, err
	}
	config, reload := filepath.Join(dir, "fpm.conf"), filepath.Join(dir, "reload")
	f := &FPM{Test: []string{program, "--fpm-config", config, "-t"}, Reload: []string{"/bin/sh", reload}}
	if err := os.WriteFile(reload, fmt.Appendf(nil, "kill -USR2 $(cat %s/pid)\n", dir), 0o644); err != nil {
		return nil, err
	}
	user := ""
	if os.Geteuid() == 0 {
		user = "user = " + WebUser + "\ngroup = " + WebUser + "\n"
	}
	if err := os.WriteFile(config, fmt.Appendf(nil, fpmConfig, dir, user, include), 0o644); err != nil {
		return nil, err
	}
	f.Server = Server{Dir: dir, socket: filepath.Join(dir, "s.sock"), log: filepath.Join(dir, "log"), command: run.Command{
		Program: program, Args: []string{"--nodaemonize", "--fpm-config", config}, Env: run.Environ(),
	}}
	return f, f.startOrRemove()
}

// webDir makes a server's directory and the one it includes files from.
func webDir(include string) (string, error) {
	if err := os.MkdirAll(include, 0o755); err != nil {
		return "", err
	}
	return newDir()
}

// startOrRemove starts a server and removes its directory if that fails.
func (s *Server) startOrRemove() error {
	err := s.start()
	if err != nil {
		_ = os.RemoveAll(s.Dir)
	}
	return err
}
