// Package fleet is what distrobot is about, written as a specification: the
// nouns, the rules they obey, the contracts of the stores that keep them and
// the services through which every other package acts on them. It imports only
// the standard library and performs no input or output of its own.
//
// # Nouns
//
//   - Distribution: a family of platforms; says what is tracked and which
//     platform is the upgrade target.
//   - Platform: one built code base, read-only once it is ready.
//   - Site: one website on exactly one platform.
//   - Announcement: what a tracked repository has newly to offer.
//   - Comparison: the difference between two platforms, for a site or without.
//   - Plan: a proposed upgrade, migration or rollback of sites; its Approvals.
//   - Task: a durable unit of work on one host, made of journaled Steps.
//   - Notice: a promise that a Subject's present state will be shown in a
//     channel. It names the subject, never the text.
//
// # How things change
//
// Every rule is a pure function from a value to the next value (DecidePlan,
// ClaimTask, …). A service reads the values inside Store.Update, applies the
// rule and puts the result; the store commits it only if nothing that was read
// has changed meanwhile, and otherwise calls the rule again with fresh values.
// A rule may therefore run several times and must have no effect of its own.
//
// One Update stays within one Family, which is one slot of a Redis Cluster.
// What must follow in another family is an Effect: it is recorded in the same
// commit and carried over later by an idempotent commit (Carrier). Times are
// those of the store's clock (Tx.Now), never of the caller's machine.
package fleet
