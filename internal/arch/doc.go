// Package arch holds the tests that hold the shape of the code: who may import
// whom, one importer per third-party library, one comment per package, no
// init functions, no long parameter lists, no long files. The table in
// arch_test.go is the design's; a change of it is a change of the design.
package arch
