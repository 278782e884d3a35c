<?php
/*
 * Rebuilds the container, the registries and all caches of Drupal 8 or later in
 * a process of its own: the one that ran the updates still has the old ones.
 */
use Drupal\Core\DrupalKernel;
use Drupal\Core\Site\Settings;
use Symfony\Component\HttpFoundation\Request;

/** Removes compiled templates of generations that nobody can return to quickly. */
function distrobot_prune($dir)
{
    $keep = (int) getenv('SITE_GENERATION') - 3;
    foreach (glob("$dir/g*") ?: [] as $old) {
        if (preg_match('/^g(\d+)$/', basename($old), $m) && $m[1] < $keep) {
            $all = new RecursiveIteratorIterator(new RecursiveDirectoryIterator($old, FilesystemIterator::SKIP_DOTS), RecursiveIteratorIterator::SELF_FIRST);
            foreach ($all as $path) { // made unwritable on purpose, see MTimeProtectedFastFileStorage
                $path->isDir() && !$path->isLink() && @chmod($path->getPathname(), 0700);
            }
            $all = new RecursiveIteratorIterator(new RecursiveDirectoryIterator($old, FilesystemIterator::SKIP_DOTS), RecursiveIteratorIterator::CHILD_FIRST);
            foreach ($all as $path) {
                $path->isDir() && !$path->isLink() ? @rmdir($path->getPathname()) : @unlink($path->getPathname());
            }
            @rmdir($old);
        }
    }
}

try {
    $class_loader = require 'autoload.php';
    require_once 'core/includes/utility.inc';
    $distrobot_request = Request::create(getenv('SITE_URL') . '/', 'GET', [], [], [], $_SERVER);
    DrupalKernel::bootEnvironment();
    Settings::initialize(getcwd(), 'sites/default', $class_loader);
    drupal_rebuild($class_loader, $distrobot_request);
    // What is needed to answer must be there: the first visitor shall not find out.
    if (\Drupal::service('router.route_provider')->getRouteByName('<front>') === null) {
        distrobot_fail('Drupal has no routes after its caches were rebuilt.');
    }
    distrobot_prune(getenv('SITE_PRIVATE') . '/php');
    distrobot_say('The caches are rebuilt.');
    distrobot_done();
} catch (Throwable $e) {
    distrobot_failed_by($e);
}
