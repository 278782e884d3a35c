<?php
/*
 * distrobot's gate, run before every PHP request of a site (auto_prepend_file).
 *
 * It holds SITE/serving.lock shared for as long as the request lives, so that a
 * migration can wait for whoever was let in, and lets nobody in while SITE/hold
 * exists. If it cannot do that, the request is refused: a write that nobody
 * waits for would be lost.
 *
 * SITE is the environment variable DISTROBOT_SITE of the pool or of the cron
 * job. On the command line a refused program ends with code 75, "try later".
 */
namespace distrobot;

/** Lets the request pass or ends it. */
function gate(): void
{
    static $lock = null; // closed by PHP when everything of the request is over
    $cli = PHP_SAPI === 'cli';
    // A parameter of the FastCGI request, which nginx never sends: what visitors
    // send begins with HTTP_.
    $check = $cli ? false : \getenv('DISTROBOT_CHECK');
    if ($check === 'pool') {
        \header('Content-Type: text/plain');
        echo \getenv('DISTROBOT_POOL', true);
        exit;
    }
    $file = \realpath($_SERVER['SCRIPT_FILENAME'] ?? '') ?: '';
    $site = \getenv('DISTROBOT_SITE', true);
    if ($site === false && \preg_match('#^(/.+)/gen/[0-9]+/#', $file, $m)) {
        $site = $m[1];
    }
    if ($site === false || $site === '') {
        refuse($cli, 503, 'DISTROBOT_SITE is not set');
    }
    if ($check === 'forget') {
        forget("$site/gen/" . \getenv('DISTROBOT_GENERATION') . '/');
    }
    if ($check === 'warm') {
        warm($site, "$site/gen/" . \getenv('DISTROBOT_GENERATION') . '/');
    }
    if ($check === 'compiled') {
        compiled($site);
    }
    if ($check !== false) {
        \strncmp($file, "$site/gen/$check/", \strlen("$site/gen/$check/")) === 0 or refuse($cli, 404);
        report();
        return;
    }
    held($site) and refuse($cli, 503);
    $lock = @\fopen("$site/serving.lock", 'rb');
    if ($lock === false || !\flock($lock, LOCK_SH)) {
        refuse($cli, 503, "$site/serving.lock cannot be locked");
    }
    held($site) and refuse($cli, 503);
    $live = "$site/" . @\readlink("$site/live") . '/';
    if (\strncmp($file, $live, \strlen($live)) !== 0) {
        // Another generation: it was called before a switch and waited since. Any
        // other file is not the platform's code.
        $other = \strncmp($file, "$site/gen/", \strlen("$site/gen/")) === 0;
        ($cli && !$other) or refuse($cli, $other ? 503 : 404);
    }
}

/** Lets the cache of compiled files give up those of a directory. */
function forget(string $dir): void
{
    $all = \function_exists('opcache_get_status') ? \opcache_get_status() : false;
    $n = 0;
    foreach ($all['scripts'] ?? [] as $file => $_) {
        if (\strncmp($file, $dir, \strlen($dir)) === 0 && \opcache_invalidate($file, true)) {
            $n++;
        }
    }
    exit((string) $n);
}

/**
 * Compiles, of a generation that may be next, what the cache holds of the live
 * one, so that its first page need not while visitors wait. The cache is one for
 * all sites and is cleared when it is full: half of what is free stays so.
 */
function warm(string $site, string $next): void
{
    $live = @\readlink("$site/live");
    $all = $live !== false && \function_exists('opcache_get_status') ? @\opcache_get_status() : false;
    $files = [];
    $bytes = 0;
    foreach ($all['scripts'] ?? [] as $file => $script) {
        if (\strncmp($file, "$site/$live/", \strlen("$site/$live/")) === 0) {
            $files[] = $next . \substr($file, \strlen("$site/$live/"));
            $bytes += $script['memory_consumption'];
        }
    }
    $n = 0;
    if ($files && 2 * $bytes < $all['memory_usage']['free_memory']
        && 2 * \count($files) < $all['opcache_statistics']['max_cached_keys'] - $all['opcache_statistics']['num_cached_keys']) {
        foreach ($files as $file) {
            // What does not compile is told by the check of the page that needs it.
            try {
                $n += \is_file($file) && @\opcache_compile_file($file) ? 1 : 0;
            } catch (\Throwable $e) {
            }
        }
    }
    exit((string) $n);
}

/** Lists what the cache holds of the live generation, below its view. */
function compiled(string $site): void
{
    $root = "$site/" . @\readlink("$site/live") . '/root/';
    $all = \function_exists('opcache_get_status') ? @\opcache_get_status() : false;
    \header('Content-Type: text/plain');
    foreach ($all['scripts'] ?? [] as $file => $_) {
        if (\strncmp($file, $root, \strlen($root)) === 0) {
            echo \substr($file, \strlen($root)), "\n";
        }
    }
    exit;
}

/** Whether visitors have to wait now. */
function held(string $site): bool
{
    \clearstatcache();
    return @\lstat("$site/hold") !== false;
}

/** Tells who made a check about a fatal error, whatever the site does with it. */
function report(): void
{
    \register_shutdown_function(static function (): void {
        $e = \error_get_last();
        if ($e !== null && ($e['type'] & (E_ERROR | E_PARSE | E_CORE_ERROR | E_COMPILE_ERROR | E_USER_ERROR | E_RECOVERABLE_ERROR))) {
            \error_log("PHP Fatal error: {$e['message']} in {$e['file']} on line {$e['line']}", 4);
        }
    });
}

/** Ends the request. */
function refuse(bool $cli, int $status, string $why = ''): void
{
    if ($why !== '') {
        \error_log("distrobot gate: $why");
    }
    if ($cli) {
        $stderr = \fopen('php://stderr', 'wb'); // a script from standard input has no STDERR
        if (\stream_isatty($stderr)) {
            \fwrite($stderr, "The site is being updated; try again in a moment.\n");
        }
        exit(75);
    }
    \http_response_code($status);
    \header('Cache-Control: no-store');
    \header('Content-Type: text/html; charset=utf-8');
    if ($status === 503) {
        \header('Retry-After: 3');
        @\readfile(__DIR__ . '/held.html');
    } else {
        echo "Not found.\n";
    }
    exit;
}

gate();
