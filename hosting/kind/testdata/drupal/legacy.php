<?php
/*
 * As much of Drupal 7 and Backdrop as the update scripts call, written for the
 * tests. What is peculiar to a test is in case.php beside it: modules() gives the
 * schema of each module and its updates, and update() does one.
 */
define('VERSION', '7.0');
define('SCHEMA_UNINSTALLED', -1);
define('REQUIREMENT_ERROR', 2);
define('LANGUAGE_TYPE_INTERFACE', 'language');
foreach (array('CONFIGURATION', 'DATABASE', 'SESSION', 'LANGUAGE', 'FULL') as $fake_i => $fake_phase) {
    define("DRUPAL_BOOTSTRAP_$fake_phase", $fake_i);
}
require_once 'case.php';

final class Fake implements IteratorAggregate
{
    public static $schema = array();
    public function getIterator(): Iterator { return new ArrayIterator(array()); }
    public function fetchAll() { return array(); }
    public function fetchCol() { return array(); }
    public function execute() {}
}

function drupal_bootstrap($phase) {}
function db_table_exists($name) { return !defined('EMPTY_DATABASE'); }
function db_find_tables($like) { return array('cache', 'cache_menu', 'cached_orders'); }
function db_query($query, $arguments = array()) { return new Fake; }
function db_truncate($table) { $table === 'cached_orders' and exit(9); return new Fake; }
function language_default() { return (object) array(); }
function drupal_maintenance_theme() {}
function drupal_load_updates() {}
function drupal_flush_all_caches() {}
function update_prepare_bootstrap() {}
function update_prepare_d7_bootstrap() {}
function update_fix_requirements() {}
function update_fix_d7_requirements() {}
function update_fix_compatibility() { Fake::$schema = array_map(function ($m) { return $m['is']; }, modules()); }
function module_invoke_all($hook, $phase) { return function_exists('requirements') ? requirements() : array(); }
function drupal_get_installed_schema_version($module, $reset = false) {}
function drupal_set_installed_schema_version($module, $version) { Fake::$schema[$module] = $version; }

function update_get_update_list()
{
    $list = array();
    foreach (modules() as $module => $m) {
        if (isset($m['warning'])) {
            $list[$module] = array('warning' => $m['warning']);
        }
        foreach ($m['updates'] as $n) {
            if ($n > Fake::$schema[$module]) {
                $list[$module]['pending'][$n] = "$n";
                $list[$module] += array('start' => $n);
            }
        }
    }
    return $list;
}

function update_resolve_dependencies($start)
{
    $all = array();
    foreach (update_get_update_list() as $module => $list) {
        foreach ($list['pending'] as $n => $text) {
            $missing = function_exists('missing') ? missing($module, $n) : array();
            $all["{$module}_update_$n"] = array('module' => $module, 'number' => $n, 'allowed' => !$missing, 'missing_dependencies' => $missing);
        }
    }
    return $all;
}

function update_do_one($module, $number, $needed, &$context)
{
    $is = array();
    try {
        update($module, $number, $context['sandbox']);
    } catch (Exception $e) {
        $is['#abort'] = array('success' => false, 'query' => 'Exception: <em>' . $e->getMessage() . '</em>.');
        $context['results']['#abort'][] = "{$module}_update_$number";
    }
    if (isset($context['sandbox']['#finished'])) {
        $context['finished'] = $context['sandbox']['#finished'];
    }
    $context['results'][$module][$number] = $is;
    if ($context['finished'] == 1 && !$is) {
        drupal_set_installed_schema_version($module, $number);
    }
}
