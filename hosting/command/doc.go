// Package command is the backend that drives the user's own programs: one
// program, called with a verb as its only argument, one JSON document on its
// standard input, and one JSON document as its answer on standard output. What it
// writes to standard error is the task's log. schema.json is the contract.
//
//	list      the sites that the program has
//	facts     what the data of a site says of itself; may be empty
//	observe   what is live of a site now, and whether visitors wait
//	build     take over a new platform, whose tree is on this machine
//	create    make the first generation of a new site, with its first data
//	hold      make visitors wait; returns when none is inside any more
//	clone     make a new generation whose data is a copy of another one's
//	update    bring the data of a new generation up to its platform
//	check     ask a new generation for a page, unseen by visitors
//	switch    make a generation the one that visitors get, at one instant
//	release   let visitors in again
//	rollback  make a new generation out of the data of one that was kept
//	remove    delete generations, a site, or a platform
//
// Exit code 0 is done, 1 is failed with nothing changed, 2 is that nobody can
// tell; any other end counts as 2. A call may be repeated after a crash, with the
// same op, and an earlier one may have been done, half done or not begun: the
// program brings the same state about from the beginning; clone replaces what an
// earlier clone made. The fence of a site only rises; a program that has seen a
// higher one refuses the call with exit code 1.
//
// The machine of the worker keeps the platforms' trees, from which facts are read,
// and the sites' records (see hosting/local). The program is believed about what
// is live; what it cannot do, no task pretends to.
package command
