// Package mirror talks to git servers: it lists refs, keeps one bare mirror per
// URL, and writes commits out as plain directories. It is the only importer of
// go-git. Everything a server says is hostile until checked.
//
// Three parts, each usable alone:
//
//   - Policy decides which URLs and addresses may be contacted at all.
//   - Lister answers "where do these refs point now" with one small HTTP request
//     (git protocol version 2, ls-refs with exact prefixes), since that question
//     is asked for every tracked repository all day long.
//   - Store runs the git program on mirrors: fetch by hash, lay out with
//     submodules and LFS objects, list commits, compare trees, read files.
//
// The identity of a tracked thing is ref name, hash and peeled hash, never the
// name alone: a moved tag keeps its name.
//
// Errors: *Refused when the policy says no, *Error for everything a server or a
// repository did; both carry a sentence fit for the person who asked. Any other
// error is a fault of this machine.
package mirror
