<?php
/* Runs Backdrop's cron. */
define('BACKDROP_ROOT', getcwd());

try {
    require_once BACKDROP_ROOT . '/core/includes/bootstrap.inc';
    backdrop_bootstrap(BACKDROP_BOOTSTRAP_FULL);
    // It says FALSE also while another run of it is under way, which is no error.
    backdrop_cron_run();
    distrobot_done();
} catch (Throwable $e) {
    distrobot_failed_by($e);
}
