
/* For distrobot's one-time links: an address that shows a button, which logs in
 * once. Programs that look at links before people do press no buttons. */
if (isset($_GET['distrobot-login']) && is_string($_GET['distrobot-login'])) {
	define('DONOTCACHEPAGE', true);
	$GLOBALS['wp_filter']['init'][0][] = array('function' => 'distrobot_login', 'accepted_args' => 0);
}

/** Makes the link for a user. A new one voids those before it; the database holds no more than its hash. */
function distrobot_login_link($user) {
	global $wpdb;
	$token = bin2hex(random_bytes(24));
	$wpdb->query("DELETE FROM $wpdb->options WHERE option_name LIKE '\\_distrobot\\_login\\_%'");
	$wpdb->insert($wpdb->options, array(
		'option_name' => '_distrobot_login_' . hash('sha256', $token),
		'option_value' => $user->ID . ':' . (time() + 3600),
		'autoload' => 'no',
	));
	return home_url("/?distrobot-login=$token");
}

function distrobot_login() {
	global $wpdb;
	nocache_headers();
	header('Referrer-Policy: no-referrer');
	$name = '_distrobot_login_' . hash('sha256', $_GET['distrobot-login']);
	$value = (string) $wpdb->get_var($wpdb->prepare("SELECT option_value FROM $wpdb->options WHERE option_name = %s", $name));
	list($id, $until) = array_map('intval', explode(':', "$value:0:0"));
	$user = get_userdata($id);
	$press = $_SERVER['REQUEST_METHOD'] === 'POST';
	// Of several presses at once, one deletes the row.
	if (!$user || time() > $until || ($press && $wpdb->delete($wpdb->options, array('option_name' => $name)) !== 1)) {
		wp_die('This link was used already, or it is too old. Ask for another one.', 'Log in', array('response' => 403));
	}
	if ($press) {
		wp_set_auth_cookie($user->ID);
		wp_safe_redirect(admin_url());
		exit;
	}
	header('Content-Type: text/html; charset=utf-8');
	printf('<!DOCTYPE html><html><head><meta name="viewport" content="width=device-width"><meta name="robots" content="noindex"><title>Log in</title></head>'
		. '<body style="font: 1.1em sans-serif; margin: 20vh auto; max-width: 30em; text-align: center">'
		. '<form method="post"><p>%s</p><p><button style="font: inherit; padding: .5em 2em">Log in as %s</button></p></form></body></html>',
		esc_html(get_bloginfo('name')), esc_html($user->user_login));
	exit;
}
