<?php
/*
 * What the update scripts of Drupal 7 and Backdrop have in common, which have the
 * same update.inc.
 */

/** update.inc calls it, and update.php, which declares it, cannot be included. */
function update_extra_requirements($requirements = null)
{
    static $extra = array();
    $extra += (array) $requirements;
    return $extra;
}

/** Empties every table of caches: they hold paths and forms of the old code. */
function distrobot_empty_caches()
{
    foreach (distrobot_tables('cache%') as $table) {
        if ($table === 'cache' || strncmp($table, 'cache_', 6) === 0) {
            db_truncate($table)->execute();
        }
    }
}

/** Ends the script if the platform's own checks say that it cannot work. */
function distrobot_check_requirements($system)
{
    $bad = array();
    foreach (module_invoke_all('requirements', 'update') + update_extra_requirements() as $r) {
        if (isset($r['severity']) && $r['severity'] == REQUIREMENT_ERROR) {
            $bad[] = $r['title'] . ': ' . (isset($r['description']) ? $r['description'] : (isset($r['value']) ? $r['value'] : ''));
        }
    }
    if ($bad) {
        distrobot_fail("$system cannot be updated here. " . implode(' ', $bad));
    }
}

/** Runs every pending update in its order; $set notes the schema of a module. Gives how many. */
function distrobot_run_updates($set)
{
    $start = array();
    foreach (update_get_update_list() as $module => $list) {
        if (isset($list['warning'])) {
            distrobot_fail($list['warning']);
        }
        if (isset($list['start'])) {
            $start[$module] = $list['start'];
        }
    }
    $results = array();
    $ran = 0;
    $all = update_resolve_dependencies($start);
    foreach ($all as $function => $u) {
        if (!$u['allowed']) {
            distrobot_fail("$function cannot run: it needs " . implode(', ', $u['missing_dependencies']) . '.');
        }
        if (isset($start[$u['module']])) {
            $set($u['module'], $u['number'] - 1);
            unset($start[$u['module']]);
        }
        distrobot_say($function);
        $needed = empty($u['reverse_paths']) ? array() : array_keys($u['reverse_paths']);
        $context = array('sandbox' => array(), 'results' => &$results, 'message' => '');
        do {
            $context['finished'] = 1;
            update_do_one($u['module'], $u['number'], $needed, $context);
            $is = $context['results'][$u['module']][$u['number']];
            if (isset($is['#abort'])) {
                distrobot_fail("$function failed: " . $is['#abort']['query']);
            }
        } while ($context['finished'] < 1);
        $ran++;
    }
    return $ran;
}

/** Ends the script if an update is left, for whatever reason. */
function distrobot_check_rest()
{
    foreach (update_get_update_list() as $module => $left) {
        if (!empty($left['pending'])) {
            distrobot_fail("Updates of $module are still pending.");
        }
    }
}
