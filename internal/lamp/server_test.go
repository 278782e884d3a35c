package lamp_test

import (
	mysqldb "database/sql"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"

	"github.com/distrobot/distrobot/internal/lamp"
)

func TestMariaDB(t *testing.T) {
	m := lamp.NewMariaDB(t, "--max-connections=20")
	c := mysql.NewConfig()
	c.User, c.Passwd, c.Net, c.Addr = "root", m.Password, "unix", m.Socket
	ask := func(query string) string {
		t.Helper()
		connector, err := mysql.NewConnector(c)
		if err != nil {
			t.Fatal(err)
		}
		db := mysqldb.OpenDB(connector)
		defer db.Close()
		var v string
		if err := db.QueryRowContext(t.Context(), query).Scan(&v); err != nil {
			return err.Error()
		}
		return v
	}
	if got := ask("SELECT CONCAT(@@skip_networking + 0, ' ', @@max_connections)"); got != "1 20" {
		t.Errorf("the server says %q", got)
	}
	// What was written survives a crash.
	ask("CREATE DATABASE kept")
	m.Kill()
	if got := ask("SELECT 1"); got == "1" {
		t.Error("a killed server answers")
	}
	if err := m.Restart(); err != nil {
		t.Fatal(err)
	}
	if got := ask("SELECT schema_name FROM information_schema.schemata WHERE schema_name = 'kept'"); got != "kept" {
		t.Errorf("after a crash: %q", got)
	}
	c.Passwd = ""
	if got := ask("SELECT 1"); !strings.Contains(got, "Access denied") {
		t.Errorf("without a password: %q", got)
	}
	m.Stop()
	if _, err := os.Stat(m.Dir); !os.IsNotExist(err) {
		t.Errorf("the directory is left (%v)", err)
	}
}

const phpSite = `server {
	listen 127.0.0.1:%d;
	root %s;
	location / { include /etc/nginx/fastcgi_params; fastcgi_param SCRIPT_FILENAME $document_root/who.php; fastcgi_pass unix:%s; }
}
`

// nginx and PHP-FPM take configuration from a directory at each reload, and run
// PHP as the pool's own user.
func TestNginxAndFPM(t *testing.T) {
	dir := t.TempDir()
	for d := dir; d != os.TempDir() && d != "/"; d = filepath.Dir(d) {
		if err := os.Chmod(d, 0o755); err != nil { // other users come through
			t.Fatal(err)
		}
	}
	vhosts, pools := filepath.Join(dir, "vhosts"), filepath.Join(dir, "pools")
	n, f := lamp.NewNginx(t, vhosts), lamp.NewFPM(t, pools)
	port, err := lamp.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	socket := filepath.Join(f.Dir, "site.sock")
	write(t, filepath.Join(dir, "root/who.php"), "<?php echo 'I am ', posix_geteuid(), ' ', extension_loaded('mysqli') ? 'with' : 'without', ' mysqli';")
	write(t, filepath.Join(pools, "site.conf"), "[site]\nlisten = "+socket+"\npm = ondemand\npm.max_children = 2\n"+poolUser())
	write(t, filepath.Join(vhosts, "site.conf"), fmt.Sprintf(phpSite, port, filepath.Join(dir, "root"), socket))
	for _, argv := range [][]string{n.Test, n.Reload, f.Test, f.Reload} {
		if out, err := exec.Command(argv[0], argv[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", argv, err, out)
		}
	}
	want := fmt.Sprintf("200 I am %d with mysqli", os.Geteuid())
	if os.Geteuid() == 0 {
		want = "200 I am 54321 with mysqli"
	}
	got := ""
	get := func() bool {
		resp, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d/", port))
		if err != nil {
			got = err.Error()
			return false
		}
		defer resp.Body.Close()
		body, _ := io.ReadAll(resp.Body)
		got = fmt.Sprintf("%d %s", resp.StatusCode, body)
		return got == want
	}
	eventually(t, "answer of the site", get)
	for _, s := range []interface {
		Kill()
		Restart() error
	}{n, f} {
		s.Kill()
		if get() {
			t.Error("the site answers though a server was killed")
		}
		if err := s.Restart(); err != nil {
			t.Fatal(err)
		}
		eventually(t, "answer after a restart", get)
	}
	t.Log(got)
}

// A server that cannot start says why, and leaves nothing.
func TestServerThatCannotStart(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a.conf"), "nonsense;\n")
	if _, err := lamp.StartNginx(dir); err == nil || !strings.Contains(err.Error(), "nonsense") {
		t.Errorf("nginx: %v", err)
	}
	write(t, filepath.Join(dir, "a.conf"), "[p]\nlisten = /nowhere/s.sock\n")
	if _, err := lamp.StartFPM(dir); err == nil || !strings.Contains(err.Error(), "pm") {
		t.Errorf("php-fpm: %v", err)
	}
	if _, err := lamp.StartMariaDB("--datadir=/nonexistent"); err == nil || !strings.Contains(err.Error(), "/nonexistent") {
		t.Errorf("mariadbd: %v", err)
	}
}
