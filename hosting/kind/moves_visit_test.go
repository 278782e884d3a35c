package kind_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/distrobot/distrobot/hosting"
	"github.com/distrobot/distrobot/internal/lamp"
	"github.com/distrobot/distrobot/internal/run"
)

// contents are programs that write a page and put it on the front page, for
// Drupal 7, for later ones, and for Backdrop.
var contents = map[string]string{
	"includes/bootstrap.inc": `<?php
$_SERVER['HTTP_HOST'] = getenv('SITE_URI'); $_SERVER['REMOTE_ADDR'] = '127.0.0.1'; $_SERVER['REQUEST_METHOD'] = 'GET';
define('DRUPAL_ROOT', getcwd());
require_once 'includes/bootstrap.inc';
drupal_bootstrap(DRUPAL_BOOTSTRAP_FULL);
$node = (object) array('type' => 'article', 'title' => 'Ada writes', 'language' => LANGUAGE_NONE, 'uid' => 1, 'status' => 1, 'promote' => 1);
node_object_prepare($node);
$node->promote = 1; $node->uid = 1;
$node->body[LANGUAGE_NONE][0] = array('value' => 'of engines http://old.example/page http://old.example.org/', 'format' => 'plain_text');
node_save($node);
`,
	"core/lib/Drupal.php": `<?php
use Drupal\Core\DrupalKernel;
use Drupal\node\Entity\Node;
use Symfony\Component\HttpFoundation\Request;
$loader = require 'autoload.php';
$request = Request::create(getenv('SITE_URL') . '/');
$kernel = DrupalKernel::createFromRequest($request, $loader, 'prod');
$kernel->boot();
$kernel->preHandle($request);
\Drupal::service('request_stack')->push($request);
Node::create(['type' => 'article', 'title' => 'Ada writes', 'uid' => 1, 'status' => 1, 'promote' => 1, 'body' => ['value' => 'of engines http://old.example/page http://old.example.org/', 'format' => 'plain_text']])->save();
\Drupal::configFactory()->getEditable('system.site')->set('page.front', '/node')->save();
`,
	"core/includes/bootstrap.inc": `<?php
$_SERVER['HTTP_HOST'] = getenv('SITE_URI'); $_SERVER['REMOTE_ADDR'] = '127.0.0.1'; $_SERVER['REQUEST_METHOD'] = 'GET';
define('BACKDROP_ROOT', getcwd());
require_once 'core/includes/bootstrap.inc';
backdrop_bootstrap(BACKDROP_BOOTSTRAP_FULL);
$node = entity_create('node', array('type' => 'post', 'title' => 'Ada writes', 'uid' => 1, 'status' => 1, 'promote' => 1));
$node->langcode = LANGUAGE_NONE;
$node->body[LANGUAGE_NONE][0] = array('value' => 'of engines http://old.example/page http://old.example.org/', 'format' => 'plain_text');
$node->save();
config_set('system.core', 'site_frontpage', 'node/' . $node->nid);
`,
}

// content writes a page.
func (s *moved) content(p hosting.Place) []hosting.Program {
	for _, marker := range []string{"core/lib/Drupal.php", "core/includes/bootstrap.inc", "includes/bootstrap.inc"} {
		if _, err := os.Stat(filepath.Join(p.Root, s.copy.App.Docroot, marker)); err == nil {
			text := strings.Replace(contents[marker], "<?php", "<?php chdir('"+s.copy.App.Docroot+"');", 1)
			return []hosting.Program{{Argv: []string{"php", "-d", "display_errors=stderr", "-d", "error_reporting=22527", "--"}, Stdin: text, Says: "write a page"}}
		}
	}
	return []hosting.Program{{Argv: []string{"false"}, Says: "nothing is known of this code"}}
}

// visitor is a person's browser.
func (s *moved) visitor() *lamp.Visitor { return lamp.NewVisitor(s.address, string(s.copy.URI)) }

// files is where uploads are, relative to the docroot.
func (s *moved) files() string {
	if s.copy.Kind == "backdrop" {
		return "files"
	}
	return "sites/default/files"
}

// upload puts a file where the site keeps them, and one where it keeps what
// nobody may see.
func (s *moved) upload() {
	s.Helper()
	shared := filepath.Join(s.backend.Data, "sites", string(s.copy.URI), "shared")
	s.must(os.WriteFile(filepath.Join(shared, s.copy.App.Docroot, s.files(), "ada.txt"), []byte("by Ada"), 0o644))
	s.must(os.WriteFile(filepath.Join(shared, s.copy.App.Docroot, s.files(), "evil.php"), []byte("<?php echo 'UPLOADED';"), 0o644))
	s.must(os.WriteFile(filepath.Join(shared, ".private/files/secret.txt"), []byte("by Ada"), 0o644))
}

// serves wants what visitors get: the page, the file, and nothing that is not
// for them.
func (s *moved) serves(text string) {
	s.Helper()
	v := s.visitor()
	page, err := v.Get(s.Context(), "/")
	s.must(err)
	if page.Status != http.StatusOK || !strings.Contains(page.Body, text) {
		s.Fatalf("the front page answers %d without %q: %.3000s", page.Status, text, page.Body)
	}
	file, err := v.Get(s.Context(), "/"+s.files()+"/ada.txt")
	s.must(err)
	if file.Status != http.StatusOK || file.Body != "by Ada" {
		s.Errorf("the uploaded file answers %d: %.200s", file.Status, file.Body)
	}
	for _, path := range []string{
		"/.private/files/secret.txt", "/.config/active/system.core.json", "/" + s.files() + "/evil.php",
		"/sites/default/settings.php", "/settings.php", "/sites/sites.php",
	} {
		page, err := v.Get(s.Context(), path)
		s.must(err)
		if page.Status == http.StatusOK && page.Body != "" {
			s.Errorf("%s is served: %.200s", path, page.Body)
		}
	}
}

// login opens a one-time link and wants to be the administrator, once.
func (s *moved) login() {
	s.Helper()
	p := s.oneTime()
	v := s.visitor()
	page, err := v.Get(s.Context(), p)
	s.must(err)
	if page.Status != http.StatusOK || !strings.Contains(page.Body, "logout") {
		s.Errorf("the one-time link answers %d at %s: %.2000s", page.Status, page.URL, page.Body)
	}
	page, err = s.visitor().Get(s.Context(), p)
	s.must(err)
	if strings.Contains(page.Body, "/logout") {
		s.Error("the one-time link works twice")
	}
}

// oneTime runs the program that prints the link, as the site's user.
func (s *moved) oneTime() string {
	s.Helper()
	program, err := s.copy.App.Login(s.place)
	s.must(err)
	out, err := s.execute(program)
	s.must(err)
	lines := strings.Split(strings.TrimSpace(out), "\n")
	return lines[len(lines)-1]
}

// execute runs a program of the live generation and gives what it printed.
func (s *moved) execute(x hosting.Program) (string, error) {
	var as *run.User
	if text, err := os.ReadFile(filepath.Join(s.backend.Data, "sites", string(s.copy.URI), "user.json")); err == nil {
		var id struct{ UID uint32 }
		s.must(json.Unmarshal(text, &id))
		as = &run.User{UID: id.UID, GID: id.UID}
	}
	var out strings.Builder
	_, err := run.Run(s.Context(), run.Command{
		Program: x.Argv[0], Args: x.Argv[1:], Dir: s.place.Root, Stdin: strings.NewReader(x.Stdin), Stdout: &out,
		Env: append([]string{"PATH=/usr/local/bin:/usr/bin:/bin", "HOME=" + s.place.Root}, x.Env...), As: as, Timeout: time.Minute,
	})
	return out.String(), err
}

// renamed wants the texts of the rehearsal to have the site's own address, and
// others to keep theirs.
func (s *moved) renamed() {
	s.Helper()
	s.run("rename", func(p hosting.Place) []hosting.Program { return s.copy.App.Rename(p, "old.example") })
	a, err := s.backend.Check(s.Context(), s.copy, "/")
	s.must(err)
	for _, text := range []string{"http://" + string(s.copy.URI) + "/page", "http://old.example.org/"} {
		if a.Status != http.StatusOK || !strings.Contains(string(a.Body), text) {
			s.Errorf("%d without %q: %.3000s", a.Status, text, a.Body)
		}
	}
}
