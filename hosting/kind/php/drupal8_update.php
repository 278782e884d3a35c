<?php
/*
 * Brings a database of Drupal 8 or later up to the code where the platform has
 * no drush: what update.php does, without batches and pages.
 */
use Drupal\Core\Update\UpdateKernel;
use Symfony\Component\HttpFoundation\Request;

/** Ends the script if the platform's own checks say that it cannot work. */
function distrobot_check_requirements()
{
    \Drupal::moduleHandler()->resetImplementations();
    $bad = [];
    foreach (update_check_requirements() as $r) {
        if (isset($r['severity']) && distrobot_is_error($r['severity'])) {
            $text = $r['description'] ?? $r['value'] ?? '';
            $bad[] = ($r['title'] ?? '') . ': ' . (is_array($text) ? \Drupal::service('renderer')->renderPlain($text) : $text);
        }
    }
    if ($bad) {
        distrobot_fail('Drupal cannot be updated here. ' . implode(' ', $bad));
    }
}

/** A severity is a number, or since Drupal 11.2 a value of an enumeration. */
function distrobot_is_error($severity)
{
    return (is_object($severity) ? $severity->value : $severity) == 2;
}

/** Calls an update until it is finished. */
function distrobot_call($function, array $arguments, array &$results)
{
    distrobot_say(is_int($arguments[1] ?? null) ? "{$arguments[0]}_update_{$arguments[1]}" : $arguments[0]);
    $context = ['sandbox' => [], 'results' => &$results, 'message' => ''];
    do {
        $context['finished'] = 1;
        $call = $arguments;
        $call[] = &$context;
        call_user_func_array($function, $call);
        if (!empty($context['results']['#abort'])) {
            distrobot_fail(end($context['results']['#abort']) . ' failed: ' . distrobot_reason($context['results']));
        }
    } while ($context['finished'] < 1);
}

/** The message of the update that was aborted. */
function distrobot_reason(array $results)
{
    unset($results['#abort']);
    foreach ($results as $updates) {
        foreach ($updates as $is) {
            if (isset($is['#abort']['query'])) {
                return $is['#abort']['query'];
            }
        }
    }
    return '';
}

/** Runs the numbered updates, then the post updates. Gives how many. */
function distrobot_run_updates()
{
    $start = [];
    foreach (update_get_update_list() as $module => $list) {
        if (isset($list['warning'])) {
            distrobot_fail($list['warning']);
        }
        if (isset($list['start'])) {
            $start[$module] = $list['start'];
        }
    }
    $results = [];
    $ran = 0;
    foreach (update_resolve_dependencies($start) as $function => $u) {
        if (!$u['allowed']) {
            distrobot_fail("$function cannot run: it needs " . implode(', ', $u['missing_dependencies']) . '.');
        }
        if (isset($start[$u['module']])) {
            distrobot_schema($u['module'], $u['number'] - 1);
            unset($start[$u['module']]);
        }
        distrobot_call('update_do_one', [$u['module'], (int) $u['number'], empty($u['reverse_paths']) ? [] : array_keys($u['reverse_paths'])], $results);
        $ran++;
    }
    $post = \Drupal::service('update.post_update_registry')->getPendingUpdateFunctions();
    if ($post) {
        drupal_flush_all_caches();
    }
    foreach ($post as $function) {
        distrobot_call('update_invoke_post_update', [$function], $results);
        $ran++;
    }
    return $ran;
}

function distrobot_schema($module, $version)
{
    if (\Drupal::hasService('update.update_hook_registry')) {
        \Drupal::service('update.update_hook_registry')->setInstalledVersion($module, $version);
    } else { // before Drupal 9.3
        drupal_set_installed_schema_version($module, $version);
    }
}

try {
    $class_loader = require 'autoload.php';
    $distrobot_request = Request::create(getenv('SITE_URL') . '/update.php', 'GET', [], [], [], $_SERVER);
    $distrobot_kernel = UpdateKernel::createFromRequest($distrobot_request, $class_loader, 'prod', false);
    $distrobot_kernel->boot();
    $distrobot_kernel->preHandle($distrobot_request);
    \Drupal::service('request_stack')->push($distrobot_request);
    require_once 'core/includes/install.inc';
    require_once 'core/includes/update.inc';
    drupal_load_updates();
    if (function_exists('update_fix_compatibility')) { // Drupal 8 only
        update_fix_compatibility();
    }
    distrobot_check_requirements();

    $distrobot_ran = distrobot_run_updates();
    foreach (update_get_update_list() as $distrobot_name => $distrobot_left) {
        if (!empty($distrobot_left['pending'])) {
            distrobot_fail("Updates of $distrobot_name are still pending.");
        }
    }
    distrobot_say("$distrobot_ran updates ran.");
    distrobot_done();
} catch (Throwable $e) {
    distrobot_failed_by($e);
}
