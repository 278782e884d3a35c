package fleet

import "context"

// LocalHost is the host of the worker inside serve.
const LocalHost HostName = "local"

// rowsAtOnce bounds how many rows one Read asks for.
const rowsAtOnce = 1000

// rowOf is a pointer to a T that the store can keep.
type rowOf[T any] interface {
	*T
	Record
}

// readRows reads one row for each id, in their order, and leaves out those
// that are gone. address sets the fields that the key is made of.
func readRows[T any, P rowOf[T]](ctx context.Context, s Store, ids []string, address func(*T, string)) ([]T, error) {
	out := make([]T, 0, len(ids))
	for len(ids) > 0 {
		n := min(len(ids), rowsAtOnce)
		rows, recs := make([]T, n), make([]Record, n)
		for i := range rows {
			address(&rows[i], ids[i])
			recs[i] = P(&rows[i])
		}
		found, err := s.Read(ctx, recs...)
		if err != nil {
			return nil, err
		}
		for i, ok := range found {
			if ok {
				out = append(out, rows[i])
			}
		}
		ids = ids[n:]
	}
	return out, nil
}

// soundRows is readRows for people who only look: a row that was changed by
// somebody without the key is left out, and bad names it. Whatever acts on rows
// reads with readRows, which refuses all.
func soundRows[T any, P rowOf[T]](ctx context.Context, s Store, ids []string, address func(*T, string)) (rows []T, bad []string, err error) {
	rows, err = readRows[T, P](ctx, s, ids, address)
	if CodeOf(err) != Tampered || len(ids) == 0 {
		return rows, nil, err
	}
	if len(ids) == 1 {
		return nil, ids, nil
	}
	for _, half := range [][]string{ids[:len(ids)/2], ids[len(ids)/2:]} {
		sound, worse, err := soundRows[T, P](ctx, s, half, address)
		if err != nil {
			return nil, nil, err
		}
		rows, bad = append(rows, sound...), append(bad, worse...)
	}
	return rows, bad, nil
}

// listRows reads the rows that an index names.
func listRows[T any, P rowOf[T]](ctx context.Context, s Store, ix Index, address func(*T, string)) ([]T, error) {
	ids, err := s.List(ctx, ix, Page{})
	if err != nil {
		return nil, err
	}
	return readRows[T, P](ctx, s, ids, address)
}

// getRows is listRows within an Update; every row is guarded.
func getRows[T any, P rowOf[T]](tx Tx, ix Index, address func(*T, string)) ([]T, error) {
	ids, err := tx.List(ix, Page{})
	if err != nil {
		return nil, err
	}
	out := make([]T, 0, len(ids))
	for _, id := range ids {
		var row T
		address(&row, id)
		found, err := tx.Get(P(&row))
		if err != nil {
			return nil, err
		}
		if found {
			out = append(out, row)
		}
	}
	return out, nil
}

func platformRow(p *Platform, name string) { p.Name = PlatformName(name) }
func siteRow(s *Site, uri string)          { s.URI = URI(uri) }
func distRow(d *Distribution, name string) { d.Name = DistName(name) }
func planRow(p *Plan, id string)           { p.ID = PlanID(id) }
func factsRow(f *SiteFacts, uri string)    { f.URI = URI(uri) }
func taskRowOf(h HostName) func(*Task, string) {
	return func(t *Task, id string) { t.Host, t.ID = h, TaskID(id) }
}

// must gets a row that a rule cannot do without; what names it for people.
func must(tx Tx, r Record, what string) error {
	found, err := tx.Get(r)
	if err != nil {
		return err
	}
	if !found {
		return Errorf(NotFound, "There is no %s.", what)
	}
	return nil
}

func mustDist(tx Tx, name DistName) (Distribution, error) {
	d := Distribution{Name: name}
	err := must(tx, &d, "distribution "+clip(string(name), 60))
	return d, err
}

func mustPlatform(tx Tx, name PlatformName) (Platform, error) {
	p := Platform{Name: name}
	err := must(tx, &p, "platform "+clip(string(name), 120))
	return p, err
}

func mustSite(tx Tx, uri URI) (Site, error) {
	s := Site{URI: uri}
	err := must(tx, &s, "site "+clip(string(uri), 200))
	return s, err
}

// audited is the effect that records who did what.
func audited(tx Tx, who Actor, what, about string, detail ...string) Effect {
	e := AuditEvent{At: tx.Now(), Who: who, What: what, About: about}
	for i := 0; i+1 < len(detail); i += 2 {
		if e.Detail == nil {
			e.Detail = map[string]string{}
		}
		e.Detail[detail[i]] = detail[i+1]
	}
	return Effect{Audit: &e}
}

// shown is the effect that posts a subject; edited the one that only brings up
// to date what was posted before.
func shown(s Subject, channel string) Effect {
	return Effect{Notice: &Notice{Subject: s, Channel: channel}}
}

func edited(s Subject) Effect { return Effect{Notice: &Notice{Subject: s, Edit: true}} }

// hostsOf lists the hosts that have reported themselves, and always LocalHost
// and the ones given.
func hostsOf(ctx context.Context, s Store, more ...HostName) ([]HostName, error) {
	names, err := s.List(ctx, AllHosts, Page{})
	if err != nil {
		return nil, err
	}
	out := []HostName{LocalHost}
	seen := map[HostName]bool{LocalHost: true, "": true}
	for _, n := range names {
		more = append(more, HostName(n))
	}
	for _, h := range more {
		if !seen[h] {
			seen[h] = true
			out = append(out, h)
		}
	}
	return out, nil
}
