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
// # Adding an engine
//
// One file with a type that has the methods of Engine, and a case in the tests'
// suite. PostgreSQL would clone by CREATE DATABASE ... TEMPLATE.
package database
