<?php
/* Prints, as its last line, an address that logs an administrator in once. */
use Drupal\Core\DrupalKernel;
use Drupal\user\Entity\Role;
use Drupal\user\Entity\User;
use Symfony\Component\HttpFoundation\Request;

/** The first user, or another administrator if that one is blocked on purpose. */
function distrobot_administrator()
{
    $first = User::load(1);
    if ($first && $first->isActive()) {
        return $first;
    }
    $roles = array_keys(array_filter(Role::loadMultiple(), static function ($r) { return $r->isAdmin(); }));
    if (!$roles) {
        return null;
    }
    $ids = \Drupal::entityQuery('user')->accessCheck(false)->condition('status', 1)->condition('roles', $roles, 'IN')->sort('uid')->range(0, 1)->execute();
    return $ids ? User::load(reset($ids)) : null;
}

try {
    $class_loader = require 'autoload.php';
    $distrobot_request = Request::create(getenv('SITE_URL') . '/', 'GET', [], [], [], $_SERVER);
    $distrobot_kernel = DrupalKernel::createFromRequest($distrobot_request, $class_loader, 'prod');
    $distrobot_kernel->boot();
    $distrobot_kernel->preHandle($distrobot_request);
    \Drupal::service('request_stack')->push($distrobot_request);
    $distrobot_account = distrobot_administrator();
    if (!$distrobot_account) {
        distrobot_fail('The site has no active administrator.');
    }
    echo user_pass_reset_url($distrobot_account), "/login\n";
    distrobot_done();
} catch (Throwable $e) {
    distrobot_failed_by($e);
}
