<?php
/*
 * Runs what is due on the other sites of a network, each in a process of its own,
 * for each has its own plugins.
 */

define('WP_INSTALLING', true); // this process needs none of them
require getenv('DISTROBOT_WORDPRESS') . '/wp-load.php';

$failed = array();
foreach (is_multisite() ? get_sites(array('number' => 0, 'site__not_in' => array(get_main_site_id()), 'archived' => 0, 'deleted' => 0, 'spam' => 0)) : array() as $site) {
	$env = array('HTTP_HOST' => $site->domain, 'SERVER_NAME' => $site->domain, 'REQUEST_URI' => $site->path . 'wp-cron.php') + getenv();
	$process = proc_open(array(PHP_BINARY, '-d', 'memory_limit=1G', ABSPATH . 'wp-cron.php'), array(array('file', '/dev/null', 'r'), array('file', 'php://stderr', 'w'), array('file', 'php://stderr', 'w')), $pipes, null, $env);
	if (!$process || proc_close($process) !== 0) {
		$failed[] = $site->domain . $site->path;
	}
}
$failed and distrobot_fail(1, 'What was due failed on ' . implode(', ', $failed) . '.');
distrobot_done('Nothing more is due.');
