<?php
/*
 * Installs Drupal 7 into the empty database of a new site. What an attempt that
 * was cut off left behind is removed first; a finished installation stays.
 */
define('DRUPAL_ROOT', getcwd());
define('MAINTENANCE_MODE', 'install');

/** Whether the database holds a finished installation. */
function distrobot_installed()
{
    return db_table_exists('variable') && db_table_exists('users')
        && db_query("SELECT value FROM {variable} WHERE name = 'install_task'")->fetchField() === serialize('done')
        && db_query('SELECT uid FROM {users} WHERE uid = 1')->fetchField();
}

try {
    require_once DRUPAL_ROOT . '/includes/bootstrap.inc';
    drupal_bootstrap(DRUPAL_BOOTSTRAP_CONFIGURATION);
    require_once DRUPAL_ROOT . '/includes/database/database.inc';
    if (distrobot_installed()) {
        distrobot_say('Drupal is installed already.');
        distrobot_done();
        return;
    }
    foreach (distrobot_tables('%') as $distrobot_table) {
        db_drop_table($distrobot_table);
    }
    Database::closeConnection();

    require_once DRUPAL_ROOT . '/includes/install.core.inc';
    $distrobot_mail = 'admin@' . $_SERVER['SERVER_NAME'];
    if (!filter_var($distrobot_mail, FILTER_VALIDATE_EMAIL)) {
        $distrobot_mail = 'admin@example.com';
    }
    // Nobody learns this password: a one-time link lets the administrator in.
    $distrobot_password = bin2hex(openssl_random_pseudo_bytes(24));
    install_drupal(array(
        'parameters' => array('profile' => getenv('SITE_PROFILE'), 'locale' => 'en'),
        'server' => array('HTTP_HOST' => $_SERVER['HTTP_HOST'], 'SCRIPT_NAME' => $_SERVER['SCRIPT_NAME'], 'REMOTE_ADDR' => '127.0.0.1'),
        'forms' => array(
            'install_configure_form' => array(
                'site_name' => $_SERVER['HTTP_HOST'],
                'site_mail' => $distrobot_mail,
                'account' => array(
                    'name' => 'admin',
                    'mail' => $distrobot_mail,
                    'pass' => array('pass1' => $distrobot_password, 'pass2' => $distrobot_password),
                ),
                'update_status_module' => array(),
                'clean_url' => true,
            ),
        ),
    ));
    if (!distrobot_installed()) {
        distrobot_fail('The installer of Drupal 7 ended before it was done.');
    }
    distrobot_say('Drupal ' . VERSION . ' is installed.');
    distrobot_done();
} catch (Throwable $e) {
    distrobot_failed_by($e);
}
