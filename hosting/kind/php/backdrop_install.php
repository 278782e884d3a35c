<?php
/*
 * Installs Backdrop into the empty database and the empty configuration of a new
 * site. What an attempt that was cut off left behind is removed first; a
 * finished installation stays.
 */
define('BACKDROP_ROOT', getcwd());
define('MAINTENANCE_MODE', 'install');

/** Whether database and configuration hold a finished installation. */
function distrobot_installed()
{
    return db_table_exists('state') && db_table_exists('users')
        && db_query("SELECT value FROM {state} WHERE name = 'install_task'")->fetchField() === serialize('done')
        && db_query('SELECT uid FROM {users} WHERE uid = 1')->fetchField()
        && count(glob(getenv('SITE_CONFIG') . '/active/*.json')) > 10;
}

try {
    foreach (array('active', 'staging') as $distrobot_name) {
        distrobot_directory(getenv('SITE_CONFIG') . "/$distrobot_name");
    }
    require_once BACKDROP_ROOT . '/core/includes/bootstrap.inc';
    backdrop_bootstrap(BACKDROP_BOOTSTRAP_CONFIGURATION);
    require_once BACKDROP_ROOT . '/core/includes/database/database.inc';
    if (distrobot_installed()) {
        distrobot_say('Backdrop is installed already.');
        distrobot_done();
        return;
    }
    foreach (distrobot_tables('%') as $distrobot_table) {
        db_drop_table($distrobot_table);
    }
    array_map('unlink', glob(getenv('SITE_CONFIG') . '/*/*.json'));
    Database::closeConnection();

    require_once BACKDROP_ROOT . '/core/includes/install.core.inc';
    $distrobot_mail = 'admin@' . $_SERVER['SERVER_NAME'];
    if (!filter_var($distrobot_mail, FILTER_VALIDATE_EMAIL)) {
        $distrobot_mail = 'admin@example.com';
    }
    install_backdrop(array(
        'parameters' => array('profile' => getenv('SITE_PROFILE'), 'langcode' => 'en'),
        'server' => array('HTTP_HOST' => $_SERVER['HTTP_HOST'], 'SCRIPT_NAME' => $_SERVER['SCRIPT_NAME'], 'REMOTE_ADDR' => '127.0.0.1'),
        'forms' => array(
            'install_configure_form' => array(
                'site_name' => $_SERVER['HTTP_HOST'],
                'site_mail' => $distrobot_mail,
                'account' => array(
                    'name' => 'admin',
                    'mail' => $distrobot_mail,
                    // Nobody learns it: a one-time link lets the administrator in.
                    'pass' => bin2hex(openssl_random_pseudo_bytes(24)),
                ),
                'update_status_module' => array(),
                'clean_url' => 1,
                'op' => 'Save and continue',
            ),
        ),
    ));
    config_set('system.core', 'site_mail', $distrobot_mail);
    if (!distrobot_installed()) {
        distrobot_fail('The installer of Backdrop ended before it was done.');
    }
    distrobot_say('Backdrop ' . BACKDROP_VERSION . ' is installed.');
    distrobot_done();
} catch (Throwable $e) {
    distrobot_failed_by($e);
}
