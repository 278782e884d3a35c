// Package web is the web server in front of the sites of one machine: virtual
// hosts of a real nginx and pools of a real PHP-FPM, which distrobot configures
// and reloads but neither starts nor owns.
//
//	DATA/web/nginx.conf        to be included in nginx's http block
//	DATA/web/vhosts/HOST.conf  the sites of one host name (vhost.conf.tmpl)
//	DATA/web/pools/*.conf      to be included by PHP-FPM, one pool a site
//	DATA/web/sites/SITE.json   what Put was told of a site
//	DATA/web/run/*.sock        where the pools listen
//	DATA/web/gate.php          runs before every PHP request, see below
//	DATA/web/held.html         what visitors see while a site is held
//	DATA/web/undo.json         present while files are being changed
//	DATA/web/lock              flock of the process that changes them
//
// # The pointer and the hold
//
// A vhost's root is SITE/live/www, and PHP is told $realpath_root: the next
// request after the pointer moved runs the new code, without a reload, and never
// a mixture out of PHP's caches. While SITE/hold exists nginx answers 503.
//
// nginx looks for the hold before it reads a request's body, so one whose body
// comes slowly passes it long before PHP sees anything; and a request may wait
// in PHP-FPM's queue while the site is held, drained, switched and released.
// Therefore each pool runs the gate first: it takes SITE/serving.lock shared,
// looks for the hold, and compares the generation it was called for with the
// live one. Drain waits for that lock, which PHP keeps until the request is
// over, also after fastcgi_finish_request. The gate also refuses to run what
// lies outside the generation's own code: uploads. For vhosts that people write
// themselves: set php_admin_value[auto_prepend_file] to the gate and
// env[DISTROBOT_SITE] to the site's directory; nothing else is needed.
//
// # Changing the configuration
//
// Changes of many sites at once are written together, tested (nginx -t, php-fpm
// -t), and taken over by one reload, which is awaited: when Put returns, the
// site is served. What is refused is taken back, and nothing was reloaded. Old
// contents are kept in undo.json meanwhile, so a crash takes back as well.
// PHP-FPM is reloaded only when pools come, go or change: it lets all sites wait
// until requests under way are over, at most its process_control_timeout, and
// cuts them off when that is 0. A migration changes neither pools nor vhosts.
package web
