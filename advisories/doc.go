// Package advisories reads sources of security advisories on schedule: the
// release history of drupal.org and of Backdrop, Composer's advisories, a feed of
// WordPress's, and files in a format of our own (docs/advisories.md).
//
// Everything a source says is foreign. Answers are bounded in size and time,
// what they say is checked and bounded by fleet.Advisory.Checked, links are kept
// only if they are https. What is known stays when a source fails, and is dated.
// Documents that did not change are not sent again (ETag, Last-Modified).
//
// A source is one file with a function that lists its documents and one that
// reads a document, and a line in kinds.
package advisories
