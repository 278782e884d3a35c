<?php
/*
 * Brings a database and the configuration of Backdrop up to the code, as its
 * update.php does, but without batches and pages: everything in this one process.
 */
define('BACKDROP_ROOT', getcwd());
define('MAINTENANCE_MODE', 'update');

/**
 * Corrects the paths of modules and themes that stand elsewhere in this platform
 * than in the one before. Backdrop would stop while it loads them.
 */
function distrobot_moved()
{
    $found = null;
    foreach (db_query('SELECT filename, name FROM {system}')->fetchAll() as $row) {
        if (file_exists(BACKDROP_ROOT . '/' . $row->filename)) {
            continue;
        }
        if ($found === null) {
            $found = distrobot_extensions();
        }
        $to = isset($found[$row->name]) ? $found[$row->name] . '/' . basename($row->filename) : '';
        if ($to !== '' && file_exists(BACKDROP_ROOT . '/' . $to)) {
            distrobot_say("$row->filename is now $to.");
            db_update('system')->fields(array('filename' => $to))->condition('filename', $row->filename)->execute();
        }
    }
}

/** The directories of all extensions by name; of two the later one is used. */
function distrobot_extensions()
{
    $found = array();
    foreach (array('core/modules', 'core/themes', 'core/layouts', 'core/profiles', 'profiles', 'modules', 'themes', 'layouts') as $place) {
        foreach (is_dir($place) ? file_scan_directory($place, '/\.info$/', array('nomask' => '/^(\.\.?|CVS|tests|node_modules|bower_components)$/')) : array() as $file) {
            $found[$file->name] = dirname($file->uri);
        }
    }
    return $found;
}

try {
    if (!glob(getenv('SITE_CONFIG') . '/active/*.json')) {
        // Backdrop would begin a new configuration for the old content.
        distrobot_fail('The configuration of the site is not there.');
    }
    foreach (array('bootstrap', 'update', 'common', 'file', 'unicode') as $distrobot_name) {
        require_once BACKDROP_ROOT . "/core/includes/$distrobot_name.inc";
    }
    backdrop_bootstrap(BACKDROP_BOOTSTRAP_DATABASE);
    if (!db_table_exists('system')) {
        distrobot_fail('The database of the site holds no Backdrop.');
    }
    distrobot_empty_caches();
    distrobot_moved();

    update_prepare_bootstrap();
    backdrop_bootstrap(BACKDROP_BOOTSTRAP_SESSION);
    $GLOBALS[LANGUAGE_TYPE_INTERFACE] = language_default();
    backdrop_bootstrap(BACKDROP_BOOTSTRAP_LANGUAGE);
    update_fix_requirements();
    backdrop_bootstrap(BACKDROP_BOOTSTRAP_FULL);
    backdrop_maintenance_theme();
    require_once BACKDROP_ROOT . '/core/includes/install.inc';
    backdrop_load_updates();
    update_fix_compatibility();
    distrobot_check_requirements('Backdrop');
    if (function_exists('update_upgrade_enable_dependencies')) {
        update_upgrade_enable_dependencies();
    }

    $distrobot_ran = distrobot_run_updates('backdrop_set_installed_schema_version');
    backdrop_get_installed_schema_version(null, true);
    distrobot_check_rest();
    // Rebuilds the lists of modules, themes, layouts and paths as well.
    backdrop_flush_all_caches();
    distrobot_empty_caches();
    distrobot_say("$distrobot_ran updates ran.");
    distrobot_done();
} catch (Throwable $e) {
    distrobot_failed_by($e);
}
