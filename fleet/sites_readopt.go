package fleet

import "time"

// Readopt is the rule for a site that a host reports and that is recorded
// already: what the host has is newer if its generation is higher, because the
// record came back from a backup that was made before the site moved. Then the
// record follows the host, also to another one that the site was moved to since; the fence is above what either has seen. Errors:
// Exists when it is another site of that address, on this host or another, which
// a person must settle; Refused when the host has less than the record says;
// Conflict while a task works on the site.
func Readopt(have, host Site, now time.Time) (Site, bool, error) {
	switch {
	case have.Host != host.Host && have.ID == host.ID && host.Generation > have.Generation && !have.Lock.Held("", now):
		have.Host = host.Host // it was moved there since
		return readopted(have, host), true, nil
	case have.Host != host.Host:
		return have, false, Errorf(Exists, "Site %s is on host %s as well as on %s, which is the recorded one; it stays as it is.", have.URI, host.Host, have.Host).
			WithHint("Find out which one visitors should get, and take the other away.")
	case have.ID != host.ID:
		return have, false, Errorf(Exists, "There is a site %s already, on %s.", have.URI, have.Platform)
	case have.Generation == host.Generation && have.Platform == host.Platform && have.Lock.Fence >= host.Lock.Fence:
		return have, false, nil
	case have.Lock.Held("", now):
		return have, false, busyWith(have)
	case have.Generation > host.Generation:
		return have, false, Errorf(Refused, "Site %s is at generation %d on host %s, but is recorded at %d; it stays as it is.", have.URI, host.Generation, host.Host, have.Generation).
			WithHint("Look whether the host itself was restored from an older copy.")
	}
	return readopted(have, host), true, nil
}

// readopted is a record that follows what its host has.
func readopted(have, host Site) Site {
	next := have
	next.Lock = SiteLock{Fence: max(have.Lock.Fence, host.Lock.Fence)}
	if have.Generation == host.Generation && have.Platform == host.Platform {
		return next // only the fence was behind
	}
	next.Platform, next.Generation, next.State = host.Platform, host.Generation, SiteLive
	next.Previous, next.From, next.KeptUntil = host.Previous, host.From, host.KeptUntil
	next.Pinned = host.Pinned
	if host.Database != "" {
		next.Database = host.Database
	}
	return next
}
