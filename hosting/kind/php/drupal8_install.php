<?php
/*
 * Installs Drupal 8 or later into the empty database of a new site with core's
 * own installer. What an attempt that was cut off left behind is removed first;
 * a finished installation stays.
 */
use Drupal\Core\Database\Database;
use Drupal\Core\DrupalKernel;
use Drupal\Core\Site\Settings;

/** Whether the database holds a finished installation, read past all of Drupal's services. */
function distrobot_installed()
{
    $db = Database::getConnection();
    if (!$db->schema()->tableExists('key_value') || !$db->schema()->tableExists('users')) {
        return false;
    }
    $task = $db->query("SELECT value FROM {key_value} WHERE collection = 'state' AND name = 'install_task'")->fetchField();
    return is_resource($task) ? stream_get_contents($task) === serialize('done') : $task === serialize('done');
}

try {
    $class_loader = require 'autoload.php';
    DrupalKernel::bootEnvironment();
    Settings::initialize(getcwd(), 'sites/default', $class_loader);
    if (distrobot_installed()) {
        distrobot_say('Drupal is installed already.');
        distrobot_done();
        return;
    }
    $distrobot_schema = Database::getConnection()->schema();
    foreach ($distrobot_schema->findTables('%') as $distrobot_table) {
        $distrobot_schema->dropTable($distrobot_table);
    }
    Database::closeConnection();

    require_once 'core/includes/install.core.inc';
    $distrobot_mail = 'admin@' . $_SERVER['SERVER_NAME'];
    if (!filter_var($distrobot_mail, FILTER_VALIDATE_EMAIL)) {
        $distrobot_mail = 'admin@example.com';
    }
    // Nobody learns this password: a one-time link lets the administrator in.
    $distrobot_password = bin2hex(random_bytes(24));
    install_drupal($class_loader, [
        'interactive' => false,
        'site_path' => 'sites/default',
        'parameters' => ['profile' => getenv('SITE_PROFILE'), 'langcode' => 'en'],
        'forms' => [
            'install_configure_form' => [
                'site_name' => $_SERVER['HTTP_HOST'],
                'site_mail' => $distrobot_mail,
                'account' => [
                    'name' => 'admin',
                    'mail' => $distrobot_mail,
                    'pass' => ['pass1' => $distrobot_password, 'pass2' => $distrobot_password],
                ],
                'enable_update_status_module' => false,
                // Form API takes a checkbox with any value but NULL for checked.
                'enable_update_status_emails' => null,
            ],
        ],
    ]);
    if (!distrobot_installed()) {
        distrobot_fail('The installer of Drupal ended before it was done.');
    }
    distrobot_say('Drupal ' . Drupal::VERSION . ' is installed.');
    distrobot_done();
} catch (Throwable $e) {
    distrobot_failed_by($e);
}
