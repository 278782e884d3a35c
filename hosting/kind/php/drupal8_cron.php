<?php
/* Runs the cron of Drupal 8 or later. */
use Drupal\Core\DrupalKernel;
use Symfony\Component\HttpFoundation\Request;

try {
    $class_loader = require 'autoload.php';
    $distrobot_request = Request::create(getenv('SITE_URL') . '/', 'GET', [], [], [], $_SERVER);
    $distrobot_kernel = DrupalKernel::createFromRequest($distrobot_request, $class_loader, 'prod');
    $distrobot_kernel->boot();
    $distrobot_kernel->preHandle($distrobot_request);
    \Drupal::service('request_stack')->push($distrobot_request);
    // It says FALSE also while another run of it is under way, which is no error.
    \Drupal::service('cron')->run();
    distrobot_done();
} catch (Throwable $e) {
    distrobot_failed_by($e);
}
