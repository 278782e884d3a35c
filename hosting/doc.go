// Package hosting is what happens on a machine that has platforms and sites:
// the recipes of tasks (build.go, migrate.go, rollback.go, …), each a list of
// steps that can be read from top to bottom, and the contracts of what differs
// between machines and between content management systems.
//
//   - A Backend is what a worker drives: plain directories (hosting/local), a
//     hosting system, the user's own programs.
//   - A Kind is what is known about one CMS (hosting/kind).
//   - A Source turns a repository into a tree (hosting/source).
//
// # A site on the disk
//
// A site's public face is one pointer to a generation, a directory that holds
// its settings, its record (site.json) and its own copy of the versioned data.
// A migration prepares the next generation beside the one that is live, and
// moves the pointer last. So a failure before that moment costs nothing: the
// old generation was never touched.
//
// # Fences
//
// Every call that changes a site carries the fence of the site's lock. The
// backend remembers the highest it has seen and refuses lower ones with an
// error of code Stale: a worker that lost its lease and wakes up late can
// neither switch a site nor write into a generation.
package hosting
