<?php
/*
 * As much of Drupal 8 and later as the update scripts call, written for the
 * tests; see legacy.php for case.php.
 */
namespace Symfony\Component\HttpFoundation {
    final class Request
    {
        public static function create() { return new self; }
    }
}

namespace Drupal\Core\Update {
    final class UpdateKernel
    {
        public static function createFromRequest() { return new self; }
        public function boot() {}
        public function preHandle() {}
    }
}

namespace {
    require_once 'case.php';

    final class Drupal
    {
        public static $schema = array();
        public static $ran = array();
        public static function service($name) { return new Service; }
        public static function hasService($name) { return true; }
        public static function moduleHandler() { return new Service; }
    }

    final class Service
    {
        public function push($request) {}
        public function resetImplementations() {}
        public function setInstalledVersion($module, $version) { Drupal::$schema[$module] = $version; }
        public function getPendingUpdateFunctions() { return array_diff(function_exists('posts') ? posts() : array(), Drupal::$ran); }
    }

    function drupal_load_updates() { Drupal::$schema = array_map(function ($m) { return $m['is']; }, modules()); }
    function drupal_flush_all_caches() {}
    function update_check_requirements() { return function_exists('requirements') ? requirements() : array(); }

    function update_get_update_list()
    {
        $list = array();
        foreach (modules() as $module => $m) {
            if (isset($m['warning'])) {
                $list[$module] = array('warning' => $m['warning']);
            }
            foreach ($m['updates'] as $n) {
                if ($n > Drupal::$schema[$module]) {
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
            Drupal::$schema[$module] = $number;
        }
    }

    function update_invoke_post_update($function, &$context)
    {
        list($module, $name) = explode('_post_update_', $function, 2);
        update_do_one($module, $name, array(), $context);
        if (!empty($context['results']['#abort'])) {
            $context['results']['#abort'] = array($function);
        }
        Drupal::$ran[] = $function;
    }
}
