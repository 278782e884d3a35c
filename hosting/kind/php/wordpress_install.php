<?php
/*
 * Installs a new site into an empty database. DISTROBOT_PASSWORD is the password
 * of its first administrator, "admin", and DISTROBOT_TITLE the site's title.
 */

define('WP_INSTALLING', true);
require getenv('DISTROBOT_WORDPRESS') . '/wp-load.php';
require_once ABSPATH . 'wp-admin/includes/upgrade.php';

if (is_blog_installed()) {
	// A step may be repeated after its worker was ended; half a WordPress is none.
	get_user_by('login', 'admin') && get_option('fresh_site') !== false && get_option('permalink_structure')
		or distrobot_fail(5, 'The database holds parts of a WordPress already; a new site begins with an empty one.');
	distrobot_done('WordPress is installed already.');
	return;
}
$host = preg_replace('/:\d+$/', '', $_SERVER['HTTP_HOST']);
$email = 'admin@' . (strpos($host, '.') === false ? "$host.invalid" : $host);
$made = wp_install(getenv('DISTROBOT_TITLE'), 'admin', $email, true, '', getenv('DISTROBOT_PASSWORD'));
if (is_wp_error($made)) {
	distrobot_fail(1, $made->get_error_message());
}
if (distrobot_db_version() !== (int) $wp_db_version || !get_user_by('login', 'admin')) {
	distrobot_fail(4, $wpdb->last_error !== '' ? "The database refused: $wpdb->last_error." : 'WordPress did not install itself.');
}
// WordPress asks its own web server whether it can serve readable addresses;
// there is none yet, and the ones of its hosts can.
$wp_rewrite->init();
$wp_rewrite->set_permalink_structure('/%year%/%monthnum%/%day%/%postname%/');
delete_option('rewrite_rules'); // made with all plugins by the first page
distrobot_done("WordPress $wp_version is installed.");
