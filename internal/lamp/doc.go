// Package lamp is support for tests and measurements: real code bases of real
// CMSs, and private servers to run them with. Nothing of the product imports it.
//
// The code bases come from Debian packages of several suites, fetched with an
// apt state of their own and turned into git repositories with one tag for each
// version (WordPress, MediaWiki), so that the product tracks and builds them as
// it does any other distribution. They are kept between runs in a directory of
// the user's cache, or in DISTROBOT_TEST_CACHE. Tests that take long run only
// when DISTROBOT_TEST_THOROUGH is set.
//
// The servers (MariaDB, nginx, PHP-FPM) listen on sockets in a temporary
// directory and on loopback only, and end with the process that started them,
// even when it is killed (see guard.go).
package lamp
