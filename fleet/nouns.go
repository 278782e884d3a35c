package fleet

// Blank gives an empty record of a key's noun, to read a row of which only the
// key is known; nil for a noun that fleet does not know. Whoever backs up,
// restores, migrates or signs anew walks rows with it: a new noun needs a line.
func Blank(k Key) Record {
	switch k.Noun {
	case "dist":
		return &Distribution{}
	case "plat":
		return &Platform{}
	case "facts":
		return &PlatformFacts{}
	case "schema":
		return &PlatformSchema{}
	case "site":
		return &Site{URI: URI(k.ID)}
	case "sitefacts":
		return &SiteFacts{}
	case "backup":
		return &Backup{}
	case "move":
		return &Transit{}
	case "rehearsal":
		return &Rehearsal{}
	case "plan":
		return &Plan{}
	case "task":
		return &Task{}
	case "look":
		return &Look{}
	case "picture":
		return &Picture{}
	}
	return blankAround(k)
}

// blankAround gives the records around the fleet itself: what is watched, said
// and remembered.
func blankAround(k Key) Record {
	switch k.Noun {
	case "cursor":
		return &Cursor{}
	case "poll":
		return &Poll{}
	case "news":
		return &Announcement{}
	case "lookout":
		return &Lookout{}
	case "refresh":
		return &Refresh{}
	case "lockfile":
		return &Lockfile{}
	case "alarm":
		return &Alarm{}
	case "post":
		return &Post{}
	case "req":
		return &Request{Family: k.Family, ID: k.ID}
	case "digest":
		return &Digest{}
	case "slot":
		return &Slot{}
	case "between":
		return &Between{}
	case "host":
		return &Host{}
	case "install":
		return &Install{}
	case "stock":
		return &Stock{}
	case "seat":
		return &Seat{}
	case "floor":
		return &Floor{}
	case "epoch":
		return &Epoch{}
	case "server":
		return &serverSeen{}
	case "lease":
		return &Lease{}
	case "freeze":
		return &Freeze{}
	case "mutes":
		return &Mutes{}
	case "policy":
		return &AccessPolicy{}
	case "custody":
		return &custodyNews{}
	case "feed":
		return &Feed{}
	case "risk":
		return &Risk{}
	case "trend":
		return &Trend{}
	case "course":
		return &Course{}
	case "lookback":
		return &Lookback{}
	case "feedpage":
		return &FeedPage{}
	}
	return nil
}
