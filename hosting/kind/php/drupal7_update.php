<?php
/*
 * Brings a database of Drupal 7 up to the code, as update.php does, but without
 * batches and pages: everything in this one process.
 */
define('DRUPAL_ROOT', getcwd());
define('MAINTENANCE_MODE', 'update');

/**
 * Corrects the paths of modules, themes and classes that stand elsewhere in this
 * platform than in the one before. Drupal would stop while it loads them, long
 * before it could find them again itself.
 */
function distrobot_moved()
{
    $where = array();
    foreach (db_query('SELECT filename, name, type FROM {system}') as $row) {
        if (!file_exists(DRUPAL_ROOT . '/' . $row->filename)) {
            $where[dirname($row->filename)] = distrobot_find($row);
        }
    }
    foreach (array_filter($where) as $old => $new) {
        distrobot_say("$old is now $new.");
        foreach (array('system' => 'filename', 'registry' => 'filename', 'registry_file' => 'filename') as $table => $column) {
            $rows = db_query("SELECT $column FROM {{$table}} WHERE $column LIKE :old", array(':old' => db_like($old) . '/%'))->fetchCol();
            foreach ($rows as $file) {
                $to = $new . substr($file, strlen($old));
                if (!file_exists(DRUPAL_ROOT . '/' . $file) && file_exists(DRUPAL_ROOT . '/' . $to)) {
                    db_delete($table)->condition($column, $to)->execute();
                    db_update($table)->fields(array($column => $to))->condition($column, $file)->execute();
                }
            }
        }
    }
    // A class whose file is gone would be looked for there.
    foreach (array('registry', 'registry_file') as $table) {
        foreach (db_query("SELECT DISTINCT filename FROM {{$table}}")->fetchCol() as $file) {
            if (!file_exists(DRUPAL_ROOT . '/' . $file)) {
                db_delete($table)->condition('filename', $file)->execute();
            }
        }
    }
}

/** Gives the directory in which an extension stands now; '' if it is gone. */
function distrobot_find($row)
{
    static $found = null;
    if ($found === null) {
        $found = array();
        $places = array('modules', 'themes', 'profiles', 'sites/all/modules', 'sites/all/themes', 'sites/default/modules', 'sites/default/themes');
        foreach (glob('profiles/*', GLOB_ONLYDIR) ?: array() as $profile) {
            array_push($places, "$profile/modules", "$profile/themes");
        }
        // Of two places the later one is used, as in drupal_system_listing().
        foreach ($places as $place) {
            foreach (is_dir($place) ? file_scan_directory($place, '/\.info$/', array('nomask' => '/^(\.\.?|CVS|tests|node_modules|bower_components)$/')) : array() as $file) {
                $found[$file->name] = dirname($file->uri);
            }
        }
    }
    return isset($found[$row->name]) ? $found[$row->name] : '';
}

try {
    foreach (array('bootstrap', 'update', 'common', 'file', 'entity', 'unicode') as $distrobot_name) {
        require_once DRUPAL_ROOT . "/includes/$distrobot_name.inc";
    }
    drupal_bootstrap(DRUPAL_BOOTSTRAP_DATABASE);
    if (!db_table_exists('system')) {
        distrobot_fail('The database of the site holds no Drupal 7.');
    }
    distrobot_empty_caches();
    distrobot_moved();

    update_prepare_d7_bootstrap();
    drupal_bootstrap(DRUPAL_BOOTSTRAP_LANGUAGE);
    update_fix_d7_requirements();
    drupal_bootstrap(DRUPAL_BOOTSTRAP_FULL);
    drupal_maintenance_theme();
    require_once DRUPAL_ROOT . '/includes/install.inc';
    drupal_load_updates();
    update_fix_compatibility();
    distrobot_check_requirements('Drupal');

    $distrobot_ran = distrobot_run_updates('drupal_set_installed_schema_version');
    drupal_get_installed_schema_version(null, true);
    distrobot_check_rest();
    // Rebuilds the lists of modules, themes, classes and paths as well.
    drupal_flush_all_caches();
    distrobot_empty_caches();
    distrobot_say("$distrobot_ran updates ran.");
    distrobot_done();
} catch (Throwable $e) {
    distrobot_failed_by($e);
}
