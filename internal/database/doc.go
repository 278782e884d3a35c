// Package database copies databases so that the original is never at risk: it
// clones one into a new database beside it, compares the two, archives, restores
// and drops. It knows nothing of what the databases are for.
//
// # What is guaranteed
//
// A clone is written under a name that did not exist before. While it is
// incomplete a sign beside it says so (see PartialSuffix), also after the process
// or the server was killed; Sweep removes what nobody works on any more, and
// Clone begins again over such a remainder. A clone that is reported as done has
// every table of its source, and each of them was compared with the source: the
// number of rows and the checksum of their content (Report.Verified says so).
//
// The source is only read. Unless Options.Hot is set its tables are locked
// against writing for the time of the clone, so that all of them are copied as
// of one moment, whatever their storage engine. With Options.Hot writers go on,
// each table is as of a moment of its own, and only row counts are compared.
//
// A server's disk is never filled: a clone that would not fit is refused, and one
// that comes near to the end of the disk ends (ErrNoSpace).
//
// Counter tells what was written since a moment without reading the data, where
// the server counts; Reader and Creator are what inspecting and installing a site
// need.
//
// # What a clone costs
//
// A database of 500 MB takes about a third of what a dump that is loaded takes
// (make bench ONLY=clone-db). Small ones cost some 8 ms a table, two at a time:
// InnoDB waits for the disk about twenty times for each table it makes.
//
// # Adding an engine
//
// One file with a type that has the methods of Engine, and a case in the tests'
// suite. PostgreSQL would clone by CREATE DATABASE ... TEMPLATE.
package database
