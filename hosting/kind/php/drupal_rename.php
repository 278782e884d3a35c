<?php
/*
 * Gives copied content its site's own address: in the tables of fields and of
 * links in menus, where an address begins with that of SITE_FROM ("shop.example"
 * or "shop.example/blog") it begins with the site's afterwards. Drupal and
 * Backdrop keep their own address in no table; these are what people wrote.
 * Serialized values stay as they are.
 */

/** Starts as little of the system as its database needs; gives the functions for it. */
function distrobot_database()
{
    if (is_file('core/lib/Drupal.php')) {
        $loader = require 'autoload.php';
        \Drupal\Core\DrupalKernel::bootEnvironment();
        \Drupal\Core\Site\Settings::initialize(getcwd(), 'sites/default', $loader);
        $db = \Drupal\Core\Database\Database::getConnection();
        return array('tables' => array_values($db->schema()->findTables('%')), 'db' => $db);
    }
    if (is_file('core/includes/bootstrap.inc')) {
        define('BACKDROP_ROOT', getcwd());
        require_once 'core/includes/bootstrap.inc';
        backdrop_bootstrap(BACKDROP_BOOTSTRAP_DATABASE);
    } else {
        define('DRUPAL_ROOT', getcwd());
        require_once 'includes/bootstrap.inc';
        drupal_bootstrap(DRUPAL_BOOTSTRAP_DATABASE);
    }
    return array('tables' => distrobot_tables('%'), 'db' => Database::getConnection());
}

/** Whether a table holds what people wrote. */
function distrobot_content($table)
{
    return preg_match('/^field_(data|revision)_|^[a-z0-9_]+__[a-z0-9_]+$|^menu_links$|^menu_link_content_data$|^block_custom$/', $table);
}

/** Replaces the address; behind it no letter or port may follow: shop.example is not shop.example.org. */
function distrobot_replace($text)
{
    $pattern = '~(https?:)?//' . preg_quote(getenv('SITE_FROM'), '~') . '(?![a-z0-9_-]|\.[a-z0-9]|:[0-9])~i';
    list($scheme, $own) = explode('//', getenv('SITE_URL'), 2);
    $new = preg_replace_callback($pattern, function ($m) use ($scheme, $own) {
        return (empty($m[1]) ? '' : $scheme) . '//' . $own;
    }, $text);
    return $new === null ? $text : $new;
}

/** Changes the rows of a table; gives how many. */
function distrobot_table($db, $table)
{
    $keys = array_flip(array('entity_type', 'entity_id', 'revision_id', 'delta', 'language', 'langcode', 'deleted', 'mlid', 'id', 'bid'));
    $first = $db->query("SELECT * FROM {{$table}}")->fetchAssoc();
    $changed = 0;
    foreach (array_diff(array_keys($first ?: array()), array_keys($keys)) as $column) {
        $rows = $db->query("SELECT * FROM {{$table}} WHERE $column LIKE :like", array(':like' => '%//' . $db->escapeLike(getenv('SITE_FROM')) . '%'))->fetchAll(PDO::FETCH_ASSOC);
        foreach ($rows as $row) {
            $new = preg_match('/^[aOsbid]:[0-9]/', $row[$column]) ? $row[$column] : distrobot_replace($row[$column]);
            if ($new === $row[$column]) {
                continue;
            }
            $update = $db->update($table)->fields(array($column => $new));
            foreach (array_intersect_key($row, $keys) as $key => $value) {
                $update->condition($key, $value);
            }
            $update->execute();
            $changed++;
        }
    }
    return $changed;
}

try {
    $distrobot_found = distrobot_database();
    $distrobot_changed = 0;
    foreach ($distrobot_found['tables'] as $distrobot_name) {
        if (distrobot_content($distrobot_name)) {
            $distrobot_changed += distrobot_table($distrobot_found['db'], $distrobot_name);
        }
    }
    foreach ($distrobot_found['tables'] as $distrobot_name) {
        if ($distrobot_name === 'cache' || strncmp($distrobot_name, 'cache_', 6) === 0) {
            $distrobot_found['db']->truncate($distrobot_name)->execute();
        }
    }
    distrobot_say("$distrobot_changed texts changed.");
    distrobot_done();
} catch (Throwable $e) {
    distrobot_failed_by($e);
}
