<?php
/* Prints, as its last line, an address that logs an administrator in once. */
define('DRUPAL_ROOT', getcwd());

try {
    require_once DRUPAL_ROOT . '/includes/bootstrap.inc';
    drupal_bootstrap(DRUPAL_BOOTSTRAP_FULL);
    $distrobot_account = user_load(1);
    if (!$distrobot_account || !$distrobot_account->status) {
        // The first user may be blocked on purpose.
        $distrobot_uid = db_query('SELECT MIN(u.uid) FROM {users} u INNER JOIN {users_roles} r ON r.uid = u.uid WHERE u.status = 1 AND r.rid = :rid',
            array(':rid' => (int) variable_get('user_admin_role', 0)))->fetchField();
        $distrobot_account = $distrobot_uid ? user_load($distrobot_uid) : null;
    }
    if (!$distrobot_account) {
        distrobot_fail('The site has no active administrator.');
    }
    echo user_pass_reset_url($distrobot_account), "/login\n";
    distrobot_done();
} catch (Throwable $e) {
    distrobot_failed_by($e);
}
