<?php
/*
 * Prints an address that logs the first administrator in once, within an hour.
 * The settings that distrobot writes know what to do with it; where the platform
 * has settings of its own, it is the page of WordPress that sets a new password.
 */

define('WP_INSTALLING', true); // no plugins: a broken one shall not lock people out
require getenv('DISTROBOT_WORDPRESS') . '/wp-load.php';

$admins = is_multisite() ? array_filter(array_map(function ($login) { return get_user_by('login', $login); }, get_super_admins())) : array();
$admins = array_values($admins) ?: get_users(array('role' => 'administrator', 'orderby' => 'ID', 'order' => 'ASC', 'number' => 1));
$admins or distrobot_fail(5, 'The site has no administrator.');
$user = $admins[0];
if (function_exists('distrobot_login_link')) {
	distrobot_done(distrobot_login_link($user));
	return;
}
$key = get_password_reset_key($user);
is_wp_error($key) and distrobot_fail(1, $key->get_error_message());
distrobot_done(network_site_url("wp-login.php?action=rp&key=$key&login=" . rawurlencode($user->user_login), 'login'));
