<?php
/*
 * Gives copied data its site's own address: everywhere in the database where an
 * address begins with that of DISTROBOT_FROM ("shop.example" or
 * "shop.example/blog") it begins with the site's afterwards. What WordPress and
 * its plugins stored as serialized PHP stays well-formed, objects and values
 * within values included; nothing is unserialized, so nothing is run.
 *
 * Addresses of mail stay, and so do the posts' guid, which is no address but a
 * name that must not change.
 */

define('WP_INSTALLING', true);
require getenv('DISTROBOT_WORDPRESS') . '/wp-load.php';

$from = getenv('DISTROBOT_FROM');
preg_match('~^(https?:)//(.+)$~', getenv('DISTROBOT_URL'), $own);
// Slashes are escaped in JSON, sometimes more than once. After the address no
// letter or port may follow: shop.example is not shop.example.org.
$distrobot_pattern = '~(https?:)?((?:\\\\*/){2})' . str_replace('/', '\\\\*/', preg_quote($from, '~')) . '(?![a-z0-9_-]|\.[a-z0-9]|:[0-9])~i';

/** Replaces the address in plain text. */
function distrobot_plain($text) {
	global $distrobot_pattern, $own;
	return preg_replace_callback($distrobot_pattern, function ($m) use ($own) {
		$slash = substr($m[2], 0, strlen($m[2]) / 2); // with its escapes
		return ($m[1] === '' ? '' : $own[1]) . $m[2] . str_replace('/', $slash, $own[2]);
	}, $text);
}

/** Replaces the address in a value of the database. */
function distrobot_value($text) {
	if (is_serialized($text)) {
		$at = 0;
		$new = distrobot_serialized($text, $at);
		if ($new !== null && $at === strlen($text)) {
			return $new;
		}
	}
	$new = distrobot_plain($text);
	return $new === null ? $text : $new;
}

/** Reads one serialized value at $at and gives it with the address replaced; null if it is none. */
function distrobot_serialized($text, &$at) {
	if (preg_match('/\G(?:N|[bidrR]:[^;:{}"]*);/', $text, $m, 0, $at)) {
		$at += strlen($m[0]);
		return $m[0];
	}
	if (preg_match('/\G([sE]):(\d+):"/', $text, $m, 0, $at)) {
		$start = $at + strlen($m[0]);
		if (substr($text, $start + $m[2], 2) !== '";') {
			return null;
		}
		$at = $start + $m[2] + 2;
		$content = substr($text, $start, (int) $m[2]);
		if ($m[1] === 's') {
			$content = distrobot_value($content);
		}
		return $m[1] . ':' . strlen($content) . ':"' . $content . '";';
	}
	if (!preg_match('/\G(?:a|O:\d+:"[^"]*"):(\d+):\{/', $text, $m, 0, $at)) {
		return null;
	}
	$at += strlen($m[0]);
	$out = $m[0];
	for ($i = 0; $i < 2 * $m[1]; $i++) {
		$part = distrobot_serialized($text, $at);
		if ($part === null) {
			return null;
		}
		$out .= $part;
	}
	if (substr($text, $at, 1) !== '}') {
		return null;
	}
	$at++;
	return $out . '}';
}

/** Replaces the address in one column of a table, and gives the number of rows. */
function distrobot_column($table, $column, $keys, $like) {
	global $wpdb;
	$changed = 0;
	$quoted = array_map(function ($k) { return "`$k`"; }, $keys ?: array($column));
	$same = $keys ? '%s = %%s' : 'BINARY %s = BINARY %%s'; // without a key, the value itself says which rows
	$which = implode(' AND ', array_map(function ($q) use ($same) { return sprintf($same, $q); }, $quoted));
	$rows = $wpdb->get_results($wpdb->prepare('SELECT ' . implode(', ', $quoted) . " FROM `$table` WHERE `$column` LIKE %s", $like), ARRAY_N);
	foreach ($rows as $row) {
		$where = $wpdb->prepare($which, $row);
		$old = $wpdb->get_var("SELECT `$column` FROM `$table` WHERE $where LIMIT 1");
		$new = $old === null ? null : distrobot_value($old);
		if ($new !== $old) {
			$changed += (int) $wpdb->query($wpdb->prepare("UPDATE `$table` SET `$column` = %s WHERE ", $new) . $where);
		}
	}
	return $changed;
}

$wpdb->query("SET SESSION group_concat_max_len = 1048576");
$like = '%' . $wpdb->esc_like(preg_replace('~[:/].*$~', '', $from)) . '%';
$columns = $wpdb->get_results($wpdb->prepare(
	"SELECT c.TABLE_NAME AS t, c.COLUMN_NAME AS c, (SELECT GROUP_CONCAT(k.COLUMN_NAME ORDER BY k.ORDINAL_POSITION SEPARATOR '`') FROM information_schema.KEY_COLUMN_USAGE k
		WHERE k.TABLE_SCHEMA = c.TABLE_SCHEMA AND k.TABLE_NAME = c.TABLE_NAME AND k.CONSTRAINT_NAME = 'PRIMARY') AS k
	FROM information_schema.COLUMNS c JOIN information_schema.TABLES t USING (TABLE_SCHEMA, TABLE_NAME)
	WHERE c.TABLE_SCHEMA = DATABASE() AND t.TABLE_TYPE = 'BASE TABLE' AND c.TABLE_NAME LIKE %s
		AND c.DATA_TYPE IN ('char', 'varchar', 'tinytext', 'text', 'mediumtext', 'longtext')
		AND NOT (c.TABLE_NAME LIKE '%%posts' AND c.COLUMN_NAME = 'guid')",
	$wpdb->esc_like($wpdb->base_prefix) . '%'
));
$rows = 0;
foreach ($columns as $it) {
	$rows += distrobot_column($it->t, $it->c, $it->k === null ? array() : explode('`', $it->k), $like);
}
if (is_multisite()) { // a network keeps its hosts without //
	$old = preg_replace('~/.*$~', '', $from);
	$new = preg_replace('~/.*$~', '', $own[2]);
	foreach (array($wpdb->blogs, $wpdb->site) as $table) {
		$rows += (int) $wpdb->query($wpdb->prepare("UPDATE $table SET domain = %s WHERE domain = %s", $new, $old));
	}
}
if ($EZSQL_ERROR) {
	distrobot_fail(4, 'The database refused a part of the change: ' . $EZSQL_ERROR[0]['error_str'] . '.');
}
wp_cache_flush();
distrobot_done("The address $from became $own[2] in $rows rows.");
