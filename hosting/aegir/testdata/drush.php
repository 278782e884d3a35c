<?php
// A stub of drush 8 on an Aegir 3 host. It replays what was observed there; the
// sections are those of the project's facts about Aegir. State is in SQLite, so
// that SQL inventory is real. What it does not know it refuses loudly.
//
// ROOT is the aegir user's home. ROOT/faults/NAME makes things go wrong.
[$self, $root] = $argv;
$args = array_slice($argv, 2);
ini_set('display_errors', 'stderr');
set_error_handler(function ($n, $text, $file, $line) { if (!(error_reporting() & $n)) { return true; } fwrite(STDERR, "stub drush: $text at $line\n"); exit(70); });

function fault(string $name): bool { global $root; return file_exists("$root/faults/$name"); }
function loud(string $why) { global $args; fwrite(STDERR, "stub drush: $why: " . implode(' ', $args) . "\n"); exit(64); }
// Section 4, "Form of a drush 8 log line": on stderr, tag on the right.
function fail(string $text) { fwrite(STDERR, sprintf("%-69s%11s\n", $text, '[error]')); exit(1); }
function sh(string ...$argv): int {
  $p = proc_open($argv, [['file', '/dev/null', 'r'], ['file', '/dev/null', 'w'], ['file', '/dev/null', 'w']], $pipes);
  return proc_close($p);
}
function db(): PDO {
  global $root;
  static $db;
  if ($db) { return $db; }
  if (fault('nodb')) { fail('Query failed.'); } // section 4, sql-query: DRUSH_SQL_NO_QUERY
  $db = new PDO("sqlite:$root/hostmaster.db");
  $db->setAttribute(PDO::ATTR_ERRMODE, PDO::ERRMODE_EXCEPTION);
  $db->exec('PRAGMA busy_timeout=60000; PRAGMA synchronous=OFF');
  return $db;
}
function q(string $sql, ...$values): PDOStatement { $s = db()->prepare($sql); $s->execute($values); return $s; }
function one(string $sql, ...$values) { $v = q($sql, ...$values)->fetch(PDO::FETCH_NUM); return $v ? $v[0] : null; }
function row(string $sql, ...$values): ?array { return q($sql, ...$values)->fetch(PDO::FETCH_ASSOC) ?: null; }
// A node and its revisions share one sequence of vids (section 3.2).
function node(string $title): int {
  q('INSERT INTO revision DEFAULT VALUES');
  $vid = (int) db()->lastInsertId();
  q('INSERT INTO node (vid, title) VALUES (?, ?)', $vid, $title);
  return (int) db()->lastInsertId();
}
function revision(int $nid, string $table, array $values): int {
  q('INSERT INTO revision DEFAULT VALUES');
  $vid = (int) db()->lastInsertId();
  $values = ['vid' => $vid, 'nid' => $nid] + $values;
  q("INSERT INTO $table (" . implode(',', array_keys($values)) . ') VALUES (' . implode(',', array_fill(0, count($values), '?')) . ')', ...array_values($values));
  q('UPDATE node SET vid = ? WHERE nid = ?', $vid, $nid);
  return $vid;
}
function latest(string $table, int $nid): array {
  return row("SELECT x.* FROM $table x JOIN node n ON n.vid = x.vid WHERE x.nid = ?", $nid) ?? loud("no node $nid in $table");
}
function change(string $table, int $nid, array $values): void { revision($nid, $table, $values + array_diff_key(latest($table, $nid), ['vid' => 1, 'nid' => 1])); }
function context(string $name): ?int { $n = one('SELECT nid FROM hosting_context WHERE name = ?', ltrim($name, '@')); return $n === null ? null : (int) $n; }
function alias(string $name): ?array {
  global $root;
  $file = "$root/.drush/" . ltrim($name, '@') . '.json';
  return file_exists($file) ? json_decode(file_get_contents($file), true) : null;
}

// The vhost as Aegir's templates write it; nginx is reloaded each time (section 5).
function vhost_of(string $uri, string $site): string {
  global $root;
  return "server {\n  set \$main_site_name \"$uri\";\n  listen        127.0.0.1:" . trim(file_get_contents("$root/port"))
    . ";\n  server_name   $uri;\n  root          $site;\n  index index.html;\n}\n";
}
function vhost(string $uri, ?string $site): void {
  global $root;
  $file = "$root/config/server_master/nginx/vhost.d/$uri";
  $site === null ? @unlink($file) : file_put_contents($file, vhost_of($uri, $site));
  sh("$root/reload");
}

// Packages that a verify finds: lines of "type name version schema".
function packages(int $rid, string $file, int $enabled): void {
  q('DELETE FROM hosting_package_instance WHERE rid = ?', $rid);
  foreach (file_exists($file) ? file($file, FILE_IGNORE_NEW_LINES) : [] as $line) {
    [$type, $name, $version, $schema] = explode(' ', $line);
    $nid = one('SELECT nid FROM hosting_package WHERE package_type = ? AND short_name = ?', $type, $name);
    if ($nid === null) {
      $nid = node($name);
      revision($nid, 'hosting_package', ['package_type' => $type, 'short_name' => $name]);
    }
    q('INSERT INTO hosting_package_instance (rid, package_id, schema_version, version, status) VALUES (?, ?, ?, ?, ?)', $rid, $nid, (int) $schema, $version, $enabled);
  }
}

// What Aegir queues by itself, and the dispatcher that comes every minute: here at
// the second look, so that a task is seen queued once. One of a site that is gone
// by then fails, and brings its row back as disabled (seen on a real Aegir).
function queue(int $rid, string $type, string $title): void {
  $task = node("$type $title");
  revision($task, 'hosting_task', ['task_type' => $type, 'rid' => $rid, 'task_status' => 0, 'executed' => null, 'delta' => null]);
  q('INSERT INTO queued (nid, rid) VALUES (?, 0)', $task);
}
function dispatch(): void {
  foreach (q('SELECT nid, rid FROM queued')->fetchAll(PDO::FETCH_NUM) as [$nid, $looks]) {
    $t = latest('hosting_task', (int) $nid);
    if ((int) $t['task_status'] !== 0) { q('DELETE FROM queued WHERE nid = ?', $nid); continue; }
    if (!(int) $looks) { q('UPDATE queued SET rid = 1 WHERE nid = ?', $nid); continue; }
    q('DELETE FROM queued WHERE nid = ?', $nid);
    $there = one('SELECT 1 FROM hosting_context WHERE nid = ?', $t['rid']);
    change('hosting_task', (int) $nid, ['task_status' => $there ? 1 : 2, 'executed' => time()]);
    if (!$there && $t['task_type'] === 'import') { change('hosting_site', (int) $t['rid'], ['status' => -1, 'verified' => 0]); }
  }
}

function sqlquery(string $sql): void {
  foreach (q($sql)->fetchAll(PDO::FETCH_NUM) ?: [[]] as $row) {
    $line = implode("\t", array_map(fn($v) => $v === null ? 'NULL' : strtr((string) $v, ["\\" => "\\\\", "\t" => "\\t", "\n" => "\\n"]), $row));
    echo rtrim($line), "\n"; // section 3.2: white space at the end of a line is stripped; an empty result is one empty line
  }
}

function save(string $name, array $options): void {
  global $root;
  $o = [];
  foreach ($options as $option) {
    if (preg_match('/^--([a-z_]+)=(.*)$/s', $option, $m)) { $o[$m[1]] = $m[2]; } elseif ($option !== '-y') { loud("option $option"); }
  }
  $needs = $o['context_type'] === 'platform' ? ['root', 'server', 'web_server'] : ['uri', 'platform', 'server', 'db_server', 'profile', 'client_name', 'client_email', 'language'];
  foreach ($needs as $need) { if (!isset($o[$need])) { loud("provision-save without $need"); } } // section 3.1
  @mkdir("$root/.drush");
  file_put_contents("$root/.drush/" . ltrim($name, '@') . '.json', json_encode($o));
}

function import(string $name): void {
  // Section 3.1, traps: a name without an alias file would become a server.
  $o = alias($name) ?? loud('hosting-import of a name without an alias');
  if (context($name)) { return; }
  if ($o['context_type'] === 'platform') {
    $nid = node(substr(ltrim($name, '@'), strlen('platform_')));
    revision($nid, 'hosting_platform', ['publish_path' => $o['root'], 'verified' => 0, 'status' => 0]); // status 0 until verified
  } else {
    $nid = node($o['uri']);
    revision($nid, 'hosting_site', ['db_server' => 4, 'db_name' => 'site_0', 'platform' => context($o['platform']), 'profile' => 0, 'verified' => 0, 'status' => 0]);
    queue($nid, 'import', $o['uri']);
  }
  q('INSERT INTO hosting_context (nid, name) VALUES (?, ?)', $nid, ltrim($name, '@'));
}

function install(string $name): void {
  $o = alias($name) ?? loud('provision-install without an alias');
  $platform = alias($o['platform']);
  $site = $platform['root'] . '/sites/' . $o['uri'];
  sh('mkdir', '-p', dirname($site));
  sh('cp', '-a', $platform['root'] . '/first', $site);
  sh('chmod', '-R', 'u+w', $site);
  if (file_exists($platform['root'] . '/packages')) { copy($platform['root'] . '/packages', "$site/enabled"); }
  vhost($o['uri'], $site);
}

// One run of a task: its rows as in section 4, "Rows a task writes".
class Task {
  public int $nid; public int $vid; public int $status = 1;
  function __construct(public int $rid, public string $type, public string $title, public array $given, int $again = 0) {
    $row = ['task_type' => $type, 'rid' => $rid, 'task_status' => 0, 'executed' => 0, 'delta' => 0];
    $this->nid = $again ?: node("$type $title");
    if (!$again) {
      $vid = revision($this->nid, 'hosting_task', $row);
      foreach ($given as $k => $v) { q('INSERT INTO hosting_task_arguments (vid, nid, name, value) VALUES (?, ?, ?, ?)', $vid, $this->nid, $k, $v); }
    }
    $this->vid = revision($this->nid, 'hosting_task', ['task_status' => -1, 'executed' => time()] + $row);
    $this->log('queue', 'Task starts processing: ' . ucfirst($type) . " Site: $title");
  }
  function log(string $type, string $message, string $error = ''): void {
    if ($type === 'error') { $this->status = 2; }
    if ($type === 'warning' && $this->status === 1) { $this->status = 3; }
    q('INSERT INTO hosting_task_log (vid, nid, type, message, error, timestamp) VALUES (?, ?, ?, ?, ?, ?)', $this->vid, $this->nid, $type, $message, $error, time());
  }
  // Nested verifies log into the same vid: rows come twice (section 3.2).
  function twice(string $type, string $message): void { $this->log($type, $message); $this->log($type, $message); }
  function end() {
    q('UPDATE hosting_task SET task_status = ?, delta = 35 WHERE vid = ?', $this->status, $this->vid);
    exit($this->status === 2 ? 1 : 0); // rc 0 for 1 and 3, rc 1 for 2; stdout says nothing
  }
}

function root_of(int $platform): string { return latest('hosting_platform', $platform)['publish_path']; }
function tarball(Task $t, string $uri, string $site): string {
  global $root;
  @mkdir("$root/backups");
  $file = "$root/backups/$uri-" . $t->nid . '.tar';
  if (sh('tar', '-C', $site, '-cf', $file, '.') !== 0) { loud("no backup of $site"); }
  $t->log('success', "Backed up site up to $file.");
  return $file;
}

// The drush that a migrate has started of itself: it puts the site on the new platform
// as well, with its code over the old data, once the outer one is dead.
function nested(string $file, string $uri, string $to, string $target): void {
  global $root;
  static $child; // it outlives this process, which is killed
  file_put_contents("$root/nested-vhost", vhost_of($uri, $to));
  file_put_contents("$root/nested-page", 'new code of ' . basename($target) . ' over old data');
  $script = 'while kill -0 "$1" 2>/dev/null; do sleep 0.02; done; mkdir -p "$3" && tar -C "$3" -xf "$2" && mv "$5/nested-page" "$3/index.html"'
    . ' && mv "$5/nested-vhost" "$5/config/server_master/nginx/vhost.d/$4" && "$5/reload"; touch "$5/nested-has-ended"';
  $null = ['file', '/dev/null', 'r+'];
  $child = proc_open(['setsid', 'sh', '-c', $script, 'sh', (string) getmypid(), $file, $to, $uri, $root], [$null, $null, $null], $pipes);
}

function migrate(Task $t, string $uri): void {
  // Section 3.1, traps: all three arguments are needed.
  foreach (['target_platform', 'new_uri', 'new_db_server'] as $need) { if (!preg_match('/^\S+$/', $t->given[$need] ?? '')) { loud("migrate without $need"); } }
  if ($t->given['new_uri'] !== $uri || (int) $t->given['new_db_server'] !== 4) { loud('migrate to another name or server'); }
  $site = latest('hosting_site', $t->rid);
  $from = root_of((int) $site['platform']) . "/sites/$uri";
  $target = root_of((int) $t->given['target_platform']);
  $to = "$target/sites/$uri";
  // Seen on a real Aegir: after kill -9 of the outer drush in mid-migrate the one that
  // it had started goes on, and a rerun finds no site where Aegir has it: status 2.
  if (is_dir($to)) { $t->log('error', 'Site was not found', 'PROVISION_SITE_NOT_FOUND'); $t->end(); }
  $file = tarball($t, $uri, $from);
  if (fault('nested')) { nested($file, $uri, $to, $target); }
  vhost($uri, null); // section 2.3, step 1: visitors get 404
  $t->twice('warning', 'Undefined array key "ssl_enabled" migrate.provision.inc:169'); // section 1: 3 is common
  $t->twice('warning', 'The following module is missing from the file system: <em class="placeholder">brk</em>. For information see <a href="https://www.drupal.org/node/2487215">the documentation page</a>.');
  while (fault('hang')) { usleep(20000); } // section 7: updatedb loops for ever
  sh('mkdir', '-p', $to);
  sh('tar', '-C', $to, '-xf', $file);
  $t->log('success', "Deploying site from $file");
  $bad = sh('sh', '-c', 'cd "$1" && exec sh "$2/update.sh"', 'sh', $to, $target);
  $t->log('ok', 'Performed update: brk_update_7001'); // section 2.3: printed even after the exception
  if ($bad) { // section 2.3, Failure: everything back, and Aegir's own backup deleted
    $t->log('error', '<em class="placeholder">no such table</em> boom', 'DRUPAL_EXCEPTION');
    $t->log('error', 'Drush command terminated abnormally');
    sh('rm', '-rf', $to);
    unlink($file);
    vhost($uri, $from);
    $t->end();
  }
  if (file_exists("$target/packages")) { copy("$target/packages", "$to/enabled"); }
  sh('rm', '-rf', $from);
  change('hosting_site', $t->rid, ['platform' => (int) $t->given['target_platform'], 'verified' => time(), 'db_name' => 'site_' . $t->nid]);
  packages($t->rid, "$to/enabled", 1);
  vhost($uri, $to);
  queue($t->rid, 'verify', $uri); // section 2.2
}

function task(string $about, string $type, array $rest): void {
  if (fault('heavy')) { unlink($GLOBALS['root'] . '/faults/heavy'); fail('load on system too heavy (99.9), aborting'); } // section 4
  $rid = context($about);
  if (!$rid) { fail("Could not find or create a '$type' task for hosting context '$about'."); } // section 4, HOSTING_INVALID_TASK
  $given = [];
  if (array_pop($rest) !== '--force') { loud('hosting-task without --force'); }
  foreach ($rest as $arg) {
    $parts = explode('=', $arg);
    if (count($parts) !== 2) { loud("an argument that is cut at its second ="); } // section 3.1, traps
    $given[$parts[0]] = $parts[1];
  }
  work($about, new Task($rid, $type, ltrim($about, '@'), $given));
}

// Section 3.1, "rerun a task": by its node, with the arguments that it was given.
function rerun(int $nid): void {
  $row = latest('hosting_task', $nid);
  $given = q('SELECT name, value FROM hosting_task_arguments WHERE nid = ?', $nid)->fetchAll(PDO::FETCH_KEY_PAIR);
  $name = one('SELECT name FROM hosting_context WHERE nid = ?', $row['rid']) ?? loud('a task of something that is gone');
  work('@' . $name, new Task((int) $row['rid'], $row['task_type'], $name, $given, $nid));
}

function work(string $about, Task $t): void {
  [$name, $type, $given, $rid] = [ltrim($about, '@'), $t->type, $t->given, $t->rid];
  while (fault("hang-$type")) { usleep(20000); }
  if (alias($about)['context_type'] === 'platform') {
    $row = latest('hosting_platform', $rid);
    switch ($type) {
      case 'verify': // 0 -> 1; a locked one stays locked (section 2.1)
        change('hosting_platform', $rid, ['verified' => time(), 'status' => (int) $row['status'] ?: 1]);
        packages($rid, $row['publish_path'] . '/packages', 0);
        $t->end();
      case 'lock': change('hosting_platform', $rid, ['status' => -1]); $t->end();
      case 'unlock': change('hosting_platform', $rid, ['status' => 1]); $t->end();
      case 'delete':
        if (glob($row['publish_path'] . '/sites/*.*', GLOB_ONLYDIR)) { // section 4, sample H
          $t->log('error', 'Existing sites were found on this platform. These sites will need to be deleted before this platform can be deleted.');
          $t->end();
        }
        sh('rm', '-rf', $row['publish_path']);
        change('hosting_platform', $rid, ['status' => -2]);
        q('DELETE FROM hosting_context WHERE nid = ?', $rid);
        $t->end();
    }
    loud("platform task $type");
  }
  $row = latest('hosting_site', $rid);
  $at = root_of((int) $row['platform']) . "/sites/$name";
  switch ($type) {
    case 'import':
      if (!(int) latest('hosting_platform', (int) $row['platform'])['verified']) { $t->log('error', "PDOException: SQLSTATE[23000]: Integrity constraint violation: 1048 Column 'profile' cannot be null"); $t->end(); } // sample F
      // The site stays queued: only install and enable tasks change that (seen on a real Aegir).
      change('hosting_site', $rid, ['profile' => one("SELECT nid FROM hosting_package WHERE short_name = 'standard'")]);
      queue($rid, 'verify', $name); // by each node that is saved
      break;
    case 'verify':
      change('hosting_site', $rid, ['verified' => time()]);
      packages($rid, "$at/enabled", 1);
      vhost($name, $at);
      break;
    case 'backup':
      $file = tarball($t, $name, $at);
      q('INSERT INTO hosting_site_backups (site, description, filename, size, timestamp) VALUES (?, ?, ?, ?, ?)', $rid, $given['description'] ?? '', $file, filesize($file), time());
      break;
    case 'restore': // lands on the current platform (section 2.3)
      $file = one('SELECT filename FROM hosting_site_backups WHERE bid = ? AND site = ?', $given['bid'] ?? 0, $rid) ?? loud('restore of no backup');
      sh('rm', '-rf', $at);
      sh('mkdir', '-p', $at);
      sh('tar', '-C', $at, '-xf', $file);
      packages($rid, "$at/enabled", 1);
      vhost($name, $at);
      break;
    case 'migrate': migrate($t, $name); break;
    case 'enable': change('hosting_site', $rid, ['status' => 1]); vhost($name, $at); break;
    case 'disable': change('hosting_site', $rid, ['status' => -1]); vhost($name, null); break;
    case 'delete':
      if ((int) $row['status'] !== -1) { $t->log('error', 'The site must be disabled first.'); $t->end(); } // section 2.1
      sh('rm', '-rf', $at);
      change('hosting_site', $rid, ['status' => -2]);
      q('DELETE FROM hosting_context WHERE nid = ?', $rid);
      unlink($GLOBALS['root'] . "/.drush/$name.json");
      break;
    default: loud("site task $type");
  }
  $t->end();
}

file_put_contents("$root/calls", implode(' ', array_slice($args, 0, 4)) . "\n", FILE_APPEND | LOCK_EX);
$a = $args[0] ?? '';
$b = $args[1] ?? '';
if ($a === '@hostmaster' && $b === 'sql-query' && count($args) === 3) { sqlquery($args[2]); dispatch(); }
elseif ($a === '@hostmaster' && $b === 'hosting-import' && count($args) === 3) { import($args[2]); }
elseif ($a === '@hostmaster' && $b === 'hosting-task' && count($args) === 4 && preg_match('/^\d+$/', $args[2]) && $args[3] === '--force') { rerun((int) $args[2]); }
elseif ($a === '@hostmaster' && $b === 'hosting-task' && count($args) > 4) { task($args[2], $args[3], array_slice($args, 4)); }
elseif ($a === 'provision-save') { save($b, array_slice($args, 2)); }
elseif ($b === 'provision-install' && count($args) === 2) { install($a); }
else { loud('unknown call'); }
