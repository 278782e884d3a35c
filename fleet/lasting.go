package fleet

// Lasting says how firmly a commit has to stand before anybody acts on it.
type Lasting struct {
	// Authorises is set when the commit permits what changes sites: a vote, an
	// order. A storage that would lose it at a restart, or that evicts rows,
	// refuses it with an Error of code Refused that says what to set.
	Authorises bool
	// Unsure, if not nil, is set to whether the commit stands but the storage did
	// not say in time that it is on its disk (and on a replica, if it has any).
	// Such a commit is never undone.
	Unsure *bool
}

// Last asks that this attempt's commit is acknowledged only when it would
// outlast a crash of the storage, as far as the storage can tell. A storage
// that knows no such thing acknowledges it as any other.
func Last(tx Tx, l Lasting) {
	if t, ok := tx.(interface{ Last(Lasting) }); ok {
		t.Last(l)
	}
}
