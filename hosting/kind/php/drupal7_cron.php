<?php
/* Runs Drupal 7's cron. */
define('DRUPAL_ROOT', getcwd());

try {
    require_once DRUPAL_ROOT . '/includes/bootstrap.inc';
    drupal_bootstrap(DRUPAL_BOOTSTRAP_FULL);
    // It says FALSE also while another run of it is under way, which is no error.
    drupal_cron_run();
    distrobot_done();
} catch (Throwable $e) {
    distrobot_failed_by($e);
}
