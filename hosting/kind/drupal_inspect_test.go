package kind_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
	"github.com/distrobot/distrobot/internal/database"
	"github.com/distrobot/distrobot/internal/run"
)

// rowsOf answers queries from a SQLite database below a directory.
type rowsOf struct{ dir, name string }

func (r rowsOf) Rows(ctx context.Context, query string, args ...any) ([][]string, error) {
	return database.SQLite{Dir: r.dir}.Query(ctx, r.name, query, args...)
}

// filled makes a database with a script of PHP, which all these systems have.
func filled(t *testing.T, script string) rowsOf {
	t.Helper()
	dir := t.TempDir()
	q := rowsOf{dir: dir, name: filepath.Join(dir, "s.sqlite")}
	_, err := run.Run(t.Context(), run.Command{
		Program: "php", Args: []string{"-r", `$db = new PDO('sqlite:' . $argv[1]); $db->setAttribute(PDO::ATTR_ERRMODE, PDO::ERRMODE_EXCEPTION);
function put($db, $table, ...$row) { $db->prepare("INSERT INTO $table VALUES (" . implode(',', array_fill(0, count($row), '?')) . ")")->execute($row); }
` + script, "--", q.name}, Env: run.Environ(),
	})
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// inspected is what the kind of a code base reads of a database.
func inspected(t *testing.T, code, prefix string, q hosting.Query) (fleet.SiteSchema, error) {
	t.Helper()
	p := layOut(t, lay(t, code))
	p.Database.Prefix = prefix
	return p.App.Inspect(t.Context(), q, p.Place)
}

// Disabled modules keep their schema, and Drupal 7 runs their updates.
const systemTable = `$db->exec("CREATE TABLE {P}system (filename, name, type, status, schema_version)");
foreach ([
  ['modules/system/system.module', 'system', 'module', 1, 7086],
  ['modules/node/node.module', 'node', 'module', 1, 0],
  ['modules/blog/blog.module', 'blog', 'module', 0, 7000],
  ['modules/book/book.module', 'book', 'module', 0, -1],
  ['modules/helper/helper.module', 'helper', 'module', 1, -1],
  ['themes/bartik/bartik.info', 'bartik', 'theme', 1, -1],
  ['themes/stark/stark.info', 'stark', 'theme', 0, 0],
] as $row) put($db, '{P}system', ...$row);`

func TestInspectSystem(t *testing.T) {
	want := fleet.SiteSchema{
		Installed: map[string]int{"system": 7086, "node": 0, "blog": 7000},
		Enabled:   []string{"bartik", "helper", "node", "system"},
	}
	for _, code := range []string{small7, smallBackdrop} {
		for _, prefix := range []string{"", "old_"} {
			got, err := inspected(t, code, prefix, filled(t, strings.ReplaceAll(systemTable, "{P}", prefix)))
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("prefix %q: %s", prefix, d)
			}
		}
	}
}

const drupal8Tables = `$db->exec("CREATE TABLE key_value (collection, name, value BLOB)");
$db->exec("CREATE TABLE config (collection, name, data BLOB)");
foreach (['system' => 10201, 'node' => '8700', 'token' => 8000, 'gone' => -1] as $name => $n) put($db, 'key_value', 'system.schema', $name, serialize($n));
put($db, 'key_value', 'state', 'system.schema', serialize(1));
put($db, 'key_value', 'post_update', 'existing_updates', serialize(['system_post_update_a', 'olivero_post_update_b']));
put($db, 'config', '', 'core.extension', serialize(['module' => ['system' => 0, 'node' => 0, 'token' => 0, 'nothing' => 0], 'theme' => ['olivero' => 0], 'profile' => 'standard']));
put($db, 'config', 'language.de', 'core.extension', serialize(['module' => ['wrong' => 0]]));
`

func TestInspectDrupal8(t *testing.T) {
	got, err := inspected(t, small10, "", filled(t, drupal8Tables))
	if err != nil {
		t.Fatal(err)
	}
	want := fleet.SiteSchema{
		Installed: map[string]int{"system": 10201, "node": 8700, "token": 8000}, PostUpdates: true,
		Enabled: []string{"node", "nothing", "olivero", "system", "token"},
		Ran:     []string{"system_post_update_a", "olivero_post_update_b"},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// What cannot be read is an error and no guess: half of a list would hide
// updates that are pending.
func TestInspectRefuses(t *testing.T) {
	for name, script := range map[string]string{
		"schema": drupal8Tables + `put($db, 'key_value', 'system.schema', 'bad', 'i:12');`,
		"list":   drupal8Tables + `$db->exec("UPDATE key_value SET value = 'a:2:{i:0;s:3:' WHERE collection = 'post_update'");`,
		"config": drupal8Tables + `$db->exec("UPDATE config SET data = 'O:8:\"stdClass\":0:{}'");`,
		"tables": ``,
	} {
		if got, err := inspected(t, small10, "", filled(t, script+`$db->exec("CREATE TABLE IF NOT EXISTS x (y)");`)); err == nil {
			t.Errorf("%s: %+v", name, got)
		}
	}
	for _, code := range []string{small7, small10} {
		if _, err := inspected(t, code, "x; DROP TABLE users; --", filled(t, drupal8Tables)); fleet.CodeOf(err) != fleet.Refused {
			t.Errorf("a hostile prefix: %v", err)
		}
	}
}
