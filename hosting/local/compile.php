/*
 * Compiles the files that standard input names, relative to the working
 * directory, into PHP's file cache, and runs none of them. A file that cannot be
 * loaded beside the others, or whose compilation ends everything, is left to the
 * program that needs it. Prints "ready" if there is a cache, then a dot a file.
 */
if (!function_exists('opcache_compile_file') || ini_get('opcache.file_cache') == '' || !ini_get('opcache.file_cache_only')) {
	exit(1);
}
echo 'ready';
$root = getcwd();
$until = microtime(true) + 20;
while (microtime(true) < $until && ($line = fgets(STDIN)) !== false) {
	$file = $root . '/' . rtrim($line, "\n");
	try {
		echo is_file($file) && @opcache_compile_file($file) ? '.' : '';
	} catch (Throwable $e) {
	}
}
