// Package makefile reads drush makefiles, in both of their syntaxes, and says
// what they ask for: which projects and libraries, from where, into which
// directory, with which patches. It neither downloads nor writes anything; the
// rules are those of drush make 8, run and read, without its guesses.
//
// A makefile comes from a repository, so it is hostile: sizes, depths and names
// are bounded, paths stay inside the platform, and whatever is not understood is
// refused by name and line, never passed over. Errors are *fleet.Error.
//
// The way through the files: ini.go and yaml.go make a tree of Nodes that know
// their lines; load.go merges includes into it; read.go makes a Makefile of the
// tree; place.go says where things go; lock.go writes down what was really used.
package makefile
