// Package aegir is the backend that drives a real Aegir 3 through drush, as the
// user aegir, on the same machine or over SSH. Aegir keeps its sites and
// platforms; this machine keeps the records of their generations and the trees of
// the platforms that distrobot built (see hosting/local).
//
// # How a move maps onto Aegir
//
// Aegir's migrate is one act: it copies, updates and publishes. The recipes have
// steps for these, and are used as they are:
//
//	prepare  refuse what Aegir would let pass: a locked or unverified target, open
//	         tasks of the site, schema downgrades, enabled modules that are missing
//	hold     freeze the site at the web server: a server block in nginx's pre.d,
//	         which Aegir never writes, shadows the site's own until release. So
//	         visitors get 503 through all that Aegir does to the vhost, and no
//	         write is lost (Aegir alone lets them in during the move)
//	copy     a backup task of ours, whose file is kept: Aegir deletes its own
//	update   exactly one hosting-task migrate; Aegir's own way back on failure
//	check    the page of the moved site, on a loopback address, past the hold
//	switch   the record follows, once the hostmaster's table says the same
//
// The site is thus moved before the switch; that nobody sees it is the hold's
// doing. The way back is a second migrate, to the old platform, and the restore of
// our backup there; a rollback is the same. What is half done is in the motion
// file of the site (motion.go), so that Live never takes it for whole.
//
// # Tasks
//
// A hosting-task is never killed: it would stay "processing" for ever and leave a
// site half moved. It is started once, detached, under the name of our op, on the
// machine of Aegir (launch.sh), and followed by SQL. A lost connection or a dead
// worker changes nothing; whoever comes next follows the same task. One that
// does not end in time is left alone, and a person is asked.
package aegir
