<?php
/*
 * What distrobot's scripts for WordPress have in common; one of them follows.
 * They are given to the command-line PHP on standard input, as the site's user,
 * in the site's root. The environment says the rest:
 *
 *   DISTROBOT_WORDPRESS   directory of WordPress itself
 *   DISTROBOT_URL         address of the site
 *
 * The last line on standard error is a sentence for people whenever the exit
 * code is not 0.
 */

define('WP_DISABLE_FATAL_ERROR_HANDLER', true); // it would write a page, and a mail to the administrator
$_SERVER['HTTPS'] = strncmp(getenv('DISTROBOT_URL'), 'https:', 6) === 0 ? 'on' : '';
$_SERVER['HTTP_HOST'] = $_SERVER['SERVER_NAME'] = preg_replace('~^https?://([^/]*).*$~', '$1', getenv('DISTROBOT_URL'));
$_SERVER['SERVER_PORT'] = $_SERVER['HTTPS'] ? '443' : '80';
$_SERVER['REQUEST_URI'] = '/';
$_SERVER['REQUEST_METHOD'] = 'GET';
$_SERVER['SERVER_PROTOCOL'] = 'HTTP/1.1';
$_SERVER['REMOTE_ADDR'] = '127.0.0.1';
$_SERVER['SERVER_SOFTWARE'] = $_SERVER['HTTP_USER_AGENT'] = 'distrobot';

// Hooks that are there before WordPress is: nothing is asked of other machines,
// and what WordPress would die of becomes our last line.
$wp_filter = array(
	'pre_http_request' => array(PHP_INT_MAX => array(array('function' => 'distrobot_no_http', 'accepted_args' => 1))),
	'wp_die_handler' => array(PHP_INT_MAX => array(array('function' => 'distrobot_die_handler', 'accepted_args' => 1))),
);

$EZSQL_ERROR = array(); // WordPress notes there what the database refused
$distrobot_ended = false; // the exit code was chosen by the script itself
register_shutdown_function('distrobot_shutdown');

/** Declared before WordPress's own, so that no mail leaves. */
function wp_mail() {
	return true;
}

function distrobot_no_http() {
	return new WP_Error('http_request_not_executed', 'The command line asks no other machine.');
}

function distrobot_die_handler() {
	return 'distrobot_die';
}

function distrobot_die($message) {
	if (is_object($message) && method_exists($message, 'get_error_message')) {
		$message = $message->get_error_message();
	}
	distrobot_fail(1, $message);
}

/** Ends the script; what it was about to say is one line. */
function distrobot_fail($code, $text) {
	global $distrobot_ended;
	$distrobot_ended = true;
	$text = html_entity_decode(strip_tags(str_replace(array('</h1>', '</p>', '<br'), array("\n", "\n", "\n<br"), (string) $text)), ENT_QUOTES, 'UTF-8');
	$line = strtok(trim($text), "\r\n");
	file_put_contents('php://stderr', ($line === false ? 'WordPress gave no reason.' : preg_replace('/\s+/', ' ', $line)) . "\n");
	exit($code);
}

/** Ends the script well. */
function distrobot_done($text) {
	global $distrobot_ended;
	$distrobot_ended = true;
	echo $text, "\n";
}

/** Whatever ended the script, it did not end well unless it says so. */
function distrobot_shutdown() {
	global $distrobot_ended;
	$error = error_get_last();
	if ($error !== null && ($error['type'] & (E_ERROR | E_PARSE | E_CORE_ERROR | E_COMPILE_ERROR | E_USER_ERROR | E_RECOVERABLE_ERROR))) {
		$message = preg_replace('/^Uncaught (Error: )?/', '', strtok($error['message'], "\r\n"));
		$root = realpath(getenv('SITE_ROOT')) . '/';
		// The message of an exception ends with the place, which PHP repeats.
		$message = preg_replace('/ in \/\S+:\d+$/', '', $message);
		distrobot_fail(255, 'PHP Fatal error: ' . str_replace($root, '', $message . " in {$error['file']}:{$error['line']}"));
	}
	if (!$distrobot_ended) {
		distrobot_fail(1, 'WordPress ended before its work was done.');
	}
}

/** Number of the database as it is, past all caches; 0 if there is none. */
function distrobot_db_version() {
	global $wpdb;
	return (int) $wpdb->get_var("SELECT option_value FROM $wpdb->options WHERE option_name = 'db_version'");
}
