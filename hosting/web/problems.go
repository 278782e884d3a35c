package web

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/internal/run"
)

// Problems says what is wrong with the servers, each with what to do; nil is
// well. It changes nothing.
func (f *Front) Problems(ctx context.Context) []string {
	sites, err := f.known()
	if err != nil {
		return []string{"What the web server serves cannot be read: " + fleet.Clean(err.Error(), 200)}
	}
	out, php := f.nginxProblems(ctx), countPHP(sites)
	if php > 0 || len(f.FPM.Test) > 0 {
		out = append(out, f.phpProblems(ctx, php > 0)...)
		out = append(out, f.cacheProblems(ctx, php)...)
	}
	return append(out, f.pathProblems()...)
}

// includeLine is what nginx.conf needs; the star lets nginx start while the file
// is not there.
func (f *Front) includeLine() string { return "include " + f.basePath() + "*;" }

// included looks through the whole configuration of nginx for our file, or, while
// there is none, for a line that would include it.
func (f *Front) included(dump []byte) bool {
	line := regexp.MustCompile(`(?m)(?:^|[;{])[ \t]*include[ \t]+["']?` + regexp.QuoteMeta(f.Dir+"/"))
	return bytes.Contains(dump, []byte("# configuration file "+f.basePath()+":")) || line.Match(dump)
}

// maxDump bounds the configuration that is looked through, in bytes.
const maxDump = 256 << 20

var nginxVersion = regexp.MustCompile(`nginx/(\d+)\.(\d+)`)

func (f *Front) nginxProblems(ctx context.Context) []string {
	if len(f.Nginx.Test) == 0 || len(f.Nginx.Reload) == 0 {
		return []string{"No command lines for nginx are set."}
	}
	if _, err := run.LookPath(f.Nginx.Test[0], run.Environ()); err != nil {
		return []string{fmt.Sprintf("%s is not installed. Install the package nginx, or set its command lines.", f.Nginx.Test[0])}
	}
	var out []string
	res, err := run.Run(ctx, command([]string{f.Nginx.Test[0], "-v"}))
	if m := nginxVersion.FindStringSubmatch(res.Stderr); err == nil && m != nil {
		major, _ := strconv.Atoi(m[1])
		minor, _ := strconv.Atoi(m[2])
		if major < 1 || major == 1 && minor < 20 {
			out = append(out, fmt.Sprintf("nginx %s.%s is too old; 1.20 or later is needed. Update the package.", m[1], m[2]))
		}
	}
	if err := f.test(ctx, "nginx", f.Nginx.Test); err != nil {
		return append(out, fmt.Sprintf("%s Run %q and repair it.", textOf(err), run.Quote(f.Nginx.Test...)))
	}
	if text, err := dump(ctx, f.Nginx.Dump); err == nil && text != nil && !f.included(text) {
		return append(out, fmt.Sprintf("nginx does not read the sites. Add this line to the http block of nginx.conf: %s", f.includeLine()))
	}
	if exists(f.basePath()) {
		if b, _ := os.ReadFile(f.basePath()); !baseIn(string(b)).Default {
			out = append(out, "Requests for unknown host names are answered by another server of nginx. Remove it (in Debian: sites-enabled/default), unless that is meant.")
		}
		got, err := f.serial(ctx)
		if now, _, _ := strings.Cut(got, " "); err != nil || now != serialIn(f.basePath()) {
			out = append(out, fmt.Sprintf("nginx is not running, or runs another configuration than its files have. Start it, or run %q.", run.Quote(f.Nginx.Reload...)))
		}
	}
	return out
}

var controlTimeout = regexp.MustCompile(`process_control_timeout = (\d+)s`)

func (f *Front) phpProblems(ctx context.Context, used bool) []string {
	if len(f.FPM.Test) == 0 || len(f.FPM.Reload) == 0 {
		return []string{"No command lines for PHP-FPM are set, but there are sites with PHP."}
	}
	if _, err := run.LookPath(f.FPM.Test[0], run.Environ()); err != nil {
		return []string{fmt.Sprintf("%s is not installed. Install the package php-fpm, or set its command lines.", f.FPM.Test[0])}
	}
	if err := f.test(ctx, "PHP-FPM", f.FPM.Test); err != nil {
		return []string{fmt.Sprintf("%s Run %q and repair it.", textOf(err), run.Quote(f.FPM.Test...))}
	}
	var out []string
	if dump, err := dump(ctx, f.FPM.Dump); err == nil && dump != nil {
		if used && !bytes.Contains(dump, []byte("[distrobot]")) {
			return append(out, fmt.Sprintf("PHP-FPM does not read the sites' pools. Add this line to the end of php-fpm.conf: include=%s", f.poolGlob()))
		}
		if m := controlTimeout.FindSubmatch(dump); m != nil && string(m[1]) == "0" {
			out = append(out, "PHP-FPM breaks off requests of all sites when it is reloaded. Set process_control_timeout = 30s in the [global] part of php-fpm.conf.")
		}
	}
	if used {
		ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
		defer cancel()
		a, err := hello(ctx, f.basePool().Socket, f.gate())
		if err != nil || string(a.body) != serialIn(f.basePoolPath()) {
			out = append(out, fmt.Sprintf("PHP-FPM is not running, or runs another configuration than its files have, or cannot read %s. Start it, or run %q.", f.gate(), run.Quote(f.FPM.Reload...)))
		}
	}
	return out
}

// filesOfSite is a round figure for the PHP files that the pages of one site load.
const filesOfSite = 1000

var cacheFiles = regexp.MustCompile(`(?m)^opcache\.max_accelerated_files => (\d+)`)

// cacheProblems compares PHP's cache of compiled files with what sites need: one
// that is full caches nothing new.
func (f *Front) cacheProblems(ctx context.Context, sites int) []string {
	if len(f.FPM.Test) == 0 {
		return nil
	}
	info, err := dump(ctx, []string{f.FPM.Test[0], "-i"})
	m := cacheFiles.FindSubmatch(info)
	if err != nil || m == nil {
		return nil
	}
	has, _ := strconv.Atoi(string(m[1]))
	if sites*filesOfSite <= has {
		return nil
	}
	return []string{fmt.Sprintf("PHP's cache of compiled files has room for %d files, too few for %d sites. Set opcache.max_accelerated_files=%d and opcache.memory_consumption=%d in php.ini of PHP-FPM.",
		has, sites, sites*filesOfSite, max(128, sites*64))}
}

// pathProblems looks for directories that the servers cannot pass.
func (f *Front) pathProblems() []string {
	if os.Geteuid() != 0 {
		return nil
	}
	for dir := f.Dir; dir != "/" && dir != "."; dir = filepath.Dir(dir) {
		if info, err := os.Stat(dir); err == nil && info.Mode().Perm()&0o001 == 0 {
			return []string{fmt.Sprintf("The web server and the sites' users cannot pass %s. Run chmod o+x %s.", dir, run.Quote(dir))}
		}
	}
	return nil
}

// dump gives a server's whole configuration; nil if no command line prints it.
func dump(ctx context.Context, argv []string) ([]byte, error) {
	if len(argv) == 0 {
		return nil, nil
	}
	var b bytes.Buffer
	c := command(argv)
	c.Lines = func(line string) { // of both streams: PHP-FPM prints on standard error
		if b.Len() < maxDump {
			b.WriteString(line + "\n")
		}
	}
	_, err := run.Run(ctx, c)
	return b.Bytes(), err
}

// textOf is the sentence of an error.
func textOf(err error) string {
	if e, ok := asFleet(err); ok {
		return strings.TrimSuffix(e.Text, " "+afterRefusal)
	}
	return fleet.Clean(err.Error(), 200)
}
