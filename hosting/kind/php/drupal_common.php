<?php
/*
 * What distrobot's scripts for Drupal and Backdrop begin with. They are read
 * from standard input, work in SITE_DOCROOT, and believe nobody that they have
 * succeeded but the database: the installers of these systems end with status 0
 * and a page of HTML when they fail, and a fatal error in an update function
 * ends PHP without a word. So a script that did not reach distrobot_done() has
 * failed, and its last line on standard error is a sentence that says why.
 */

/** What the script knows of itself; not in globals, which Drupal may remove. */
final class Distrobot
{
    public static $done = false;
    public static $failed = false;
    private static $streams = array();

    /** One line. The streams are opened once: PHP closes the descriptor itself with the first of them. */
    public static function line($stream, $text)
    {
        if (!isset(self::$streams[$stream])) {
            self::$streams[$stream] = fopen($stream, 'w');
        }
        fwrite(self::$streams[$stream], trim(preg_replace('/\s+/', ' ', html_entity_decode(strip_tags((string) $text), ENT_QUOTES, 'UTF-8'))) . "\n");
    }
}

/** Ends the script with a reason for people. */
function distrobot_fail($why)
{
    Distrobot::$failed = true;
    Distrobot::line('php://stderr', trim((string) $why) === '' ? 'The script failed without a reason.' : $why);
    exit(1);
}

/** Says that everything was done. */
function distrobot_done()
{
    Distrobot::$done = true;
}

/** One line for the log. */
function distrobot_say($line)
{
    Distrobot::line('php://stdout', $line);
}

/** An error of PHP, or an exception, as a sentence. */
function distrobot_failed_by($e)
{
    // Of a chain the first cause says what went wrong.
    while ($e->getPrevious()) {
        $e = $e->getPrevious();
    }
    distrobot_fail(sprintf('%s in %s on line %d.', rtrim($e->getMessage(), '. '), distrobot_short($e->getFile()), $e->getLine()));
}

/** A path as it is in the platform. */
function distrobot_short($file)
{
    $root = (string) getenv('SITE_ROOT') . '/';
    return strncmp($file, $root, strlen($root)) === 0 ? substr($file, strlen($root)) : $file;
}

/** Makes a directory of the site's own data. */
function distrobot_directory($dir)
{
    if (!is_dir($dir) && !@mkdir($dir, 0750, true) && !is_dir($dir)) {
        distrobot_fail('The directory ' . basename($dir) . ' of the site cannot be made.');
    }
}

/**
 * The tables of Drupal 7 or Backdrop without their prefix, with which some
 * releases give them, and all take them without.
 */
function distrobot_tables($like)
{
    $prefix = isset($GLOBALS['databases']['default']['default']['prefix']) ? (string) $GLOBALS['databases']['default']['default']['prefix'] : '';
    return array_map(function ($table) use ($prefix) {
        return $prefix !== '' && strncmp($table, $prefix, strlen($prefix)) === 0 ? substr($table, strlen($prefix)) : $table;
    }, array_values(db_find_tables($like)));
}

register_shutdown_function(function () {
    if (Distrobot::$done || Distrobot::$failed) {
        return;
    }
    $e = error_get_last();
    if ($e !== null && ($e['type'] & (E_ERROR | E_PARSE | E_CORE_ERROR | E_COMPILE_ERROR | E_USER_ERROR | E_RECOVERABLE_ERROR))) {
        $lines = explode("\n", $e['message']);
        distrobot_fail(sprintf('PHP stopped: %s in %s on line %d.', rtrim($lines[0], '. '), distrobot_short($e['file']), $e['line']));
    }
    distrobot_fail('The script was ended by code of the platform before it was done.');
});

// The site's code is asked as by a visitor of its own address.
$distrobot_url = parse_url((string) getenv('SITE_URL'));
if (empty($distrobot_url['host'])) {
    distrobot_fail('SITE_URL is not set.');
}
$_SERVER['HTTP_HOST'] = $distrobot_url['host'] . (isset($distrobot_url['port']) ? ':' . $distrobot_url['port'] : '');
$_SERVER['SERVER_NAME'] = $distrobot_url['host'];
$_SERVER['SERVER_PORT'] = isset($distrobot_url['port']) ? $distrobot_url['port'] : ($distrobot_url['scheme'] === 'https' ? 443 : 80);
if ($distrobot_url['scheme'] === 'https') {
    $_SERVER['HTTPS'] = 'on';
}
$_SERVER['SCRIPT_NAME'] = (isset($distrobot_url['path']) ? rtrim($distrobot_url['path'], '/') : '') . '/index.php';
$_SERVER['PHP_SELF'] = $_SERVER['SCRIPT_NAME'];
$_SERVER['REQUEST_URI'] = dirname($_SERVER['SCRIPT_NAME']);
$_SERVER['SCRIPT_FILENAME'] = getenv('SITE_DOCROOT') . '/index.php';
$_SERVER['REQUEST_METHOD'] = 'GET';
$_SERVER['QUERY_STRING'] = '';
$_SERVER['REMOTE_ADDR'] = '127.0.0.1';
$_SERVER['SERVER_PROTOCOL'] = 'HTTP/1.1';
$_SERVER['HTTP_USER_AGENT'] = 'distrobot';
unset($_SERVER['SERVER_SOFTWARE']); // Drupal 7 takes a program without one for the command line

if (!@chdir((string) getenv('SITE_DOCROOT'))) {
    distrobot_fail('The docroot of the site is not there.');
}
// Uploads are for the web server too, the site's own directory is not.
@chmod((string) getenv('SITE_FILES'), 0755);
@chmod((string) getenv('SITE_PRIVATE'), 0750);
foreach (array('files', 'tmp', 'sync') as $distrobot_name) {
    distrobot_directory(getenv('SITE_PRIVATE') . '/' . $distrobot_name);
}
