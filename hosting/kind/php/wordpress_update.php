<?php
/*
 * Brings the database up to the code, of a network of sites each one's.
 * DISTROBOT_ONLY=refuse looks, and changes nothing.
 *
 * As on WordPress's own page for it, plugins and themes are not loaded.
 */

define('WP_INSTALLING', true);
// Before plugins and widgets, which write when they find nothing of theirs.
$wp_filter['muplugins_loaded'] = array(PHP_INT_MIN => array(array('function' => 'distrobot_look', 'accepted_args' => 0)));
require getenv('DISTROBOT_WORDPRESS') . '/wp-load.php';
require_once ABSPATH . 'wp-admin/includes/upgrade.php';

/** The sites of the network, the main one first; of a site that is none, 0. */
function distrobot_sites() {
	if (!is_multisite()) {
		return array(0);
	}
	$main = get_main_site_id();
	$all = get_sites(array('fields' => 'ids', 'number' => 0, 'orderby' => 'id'));
	return array_merge(array($main), array_diff(array_map('intval', $all), array($main)));
}

/** Refuses to go on unless every database can be brought to the code's version. */
function distrobot_look() {
	global $table_prefix, $wp_db_version, $wp_version;
	foreach (distrobot_sites() as $site) {
		$site && switch_to_blog($site);
		$is = distrobot_db_version();
		$site && restore_current_blog();
		if ($is === 0) {
			distrobot_fail(5, "The database holds no WordPress whose tables begin with $table_prefix.");
		}
		if ($is > $wp_db_version) {
			distrobot_fail(3, "The database has version $is, newer than the $wp_db_version of WordPress $wp_version; it cannot go back.");
		}
	}
	if (getenv('DISTROBOT_ONLY') === 'refuse') {
		distrobot_done("The database can be brought to version $wp_db_version.");
		exit;
	}
}

/**
 * What the database refused since there were $before errors. WordPress notes a
 * failed statement and goes on; it even writes down that it has arrived. Of what
 * it tries, these may fail: to look at tables that are not there yet, and to
 * change again what an interrupted update has changed.
 */
function distrobot_refused($before) {
	global $EZSQL_ERROR;
	foreach (array_slice($EZSQL_ERROR, $before) as $error) {
		if (preg_match('/^\s*(DESCRIBE|SHOW|SELECT)\b/i', $error['query']) || preg_match('/^(Duplicate (column|key) name|Multiple primary key|Can\'t DROP)/i', $error['error_str'])) {
			continue;
		}
		return $error['error_str'];
	}
	return '';
}

$first = 0;
$code = (int) $wp_db_version;
$sites = distrobot_sites();
foreach ($sites as $site) {
	$site && switch_to_blog($site);
	$is = distrobot_db_version();
	$first = $first ?: $is;
	$before = count($EZSQL_ERROR);
	wp_upgrade();
	if ('' !== $refused = distrobot_refused($before)) {
		distrobot_fail(4, "The database refused a part of the update: $refused.");
	}
	$now = distrobot_db_version();
	if ($now !== $code) {
		distrobot_fail(4, "The database stayed at version $now; WordPress $wp_version needs $code.");
	}
	delete_option('rewrite_rules'); // made again, with all plugins, by the next page
	$site && restore_current_blog();
}
wp_clean_themes_cache();
wp_clean_plugins_cache();
wp_cache_flush();
distrobot_done(($first === $code ? "The database was at $code already" : "The database went from $first to $code")
	. (count($sites) > 1 ? ', on ' . count($sites) . ' sites.' : '.'));
