package fleet

import (
	"context"
	"strconv"
	"strings"
)

// Catalog keeps distributions and answers questions about the fleet.
type Catalog struct {
	Store Store
}

// Add adds a distribution. It validates everything but the URL, which the
// caller's Prober has tried before. Errors: Invalid, and Exists if there is one
// whose name differs at most in case.
func (c *Catalog) Add(ctx context.Context, d Distribution, who Actor) (Distribution, error) {
	if d.URL != "" && d.Source.Type == "" {
		d.Source.Type = "git"
	}
	if err := CheckDistribution(d); err != nil {
		return Distribution{}, err
	}
	var out Distribution
	err := c.Store.Update(ctx, Catalogue, func(tx Tx) error {
		have := Distribution{Name: d.Name}
		found, err := tx.Get(&have)
		if err != nil {
			return err
		}
		if found {
			return Errorf(Exists, "There is a distribution %s already.", have.Name).WithHint("Change it: %s edit %s", Slash, have.Name)
		}
		news, err := lastNews(tx, d.Name)
		if err != nil {
			return err
		}
		out = d
		out.Target, out.Rules, out.Builds, out.News = "", 1, 0, news
		out.Created, out.By = tx.Now(), who
		tx.Put(&out)
		tx.Emit(audited(tx, who, "distribution.added", string(d.Name), "url", d.URL))
		return pollSoon(tx, out)
	})
	return out, err
}

// lastNews is the number of the latest announcement that a removed
// distribution of the same name has left, so that none is overwritten.
func lastNews(tx Tx, d DistName) (int, error) {
	ids, err := tx.List(NewsOf(d), Page{Descending: true, Limit: 1})
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	_, n, _ := strings.Cut(ids[0], "/")
	return strconv.Atoi(n)
}

// pollSoon makes the poll of a tracked repository due now.
func pollSoon(tx Tx, d Distribution) error {
	if d.URL == "" || d.Track.None() {
		return nil
	}
	p := Poll{URL: d.URL}
	if _, err := tx.Get(&p); err != nil {
		return err
	}
	p.Next = tx.Now()
	tx.Put(&p)
	return nil
}

// Edit changes a distribution by a rule; Rules rises when what authorises work
// changed, and a Review effect follows. Name, target and counters stay, also
// when change touches them.
func (c *Catalog) Edit(ctx context.Context, name DistName, who Actor, change func(*Distribution) error) (Distribution, error) {
	var out Distribution
	err := c.Store.Update(ctx, Catalogue, func(tx Tx) error {
		d, err := mustDist(tx, name)
		if err != nil {
			return err
		}
		if out, err = editDistribution(d, change); err != nil || out == d {
			return err
		}
		if out.Kind != d.Kind {
			all, err := getRows(tx, PlatformsOf(d.Name), platformRow)
			if err != nil {
				return err
			}
			if err := KindChanges(out, all); err != nil {
				return err
			}
		}
		tx.Put(&out)
		tx.Emit(audited(tx, who, "distribution.edited", string(d.Name), "rules", strconv.FormatInt(out.Rules, 10)))
		if out.Rules == d.Rules {
			return nil
		}
		tx.Emit(Effect{Review: d.Name})
		return pollSoon(tx, out)
	})
	return out, err
}

func orRefused(err error, format string, args ...any) error {
	if err != nil {
		return err
	}
	return Errorf(Refused, format, args...)
}

// Remove removes a distribution; refused while it has platforms with sites;
// its empty platforms stay, without a distribution and unlocked.
func (c *Catalog) Remove(ctx context.Context, name DistName, who Actor) error {
	return c.Store.Update(ctx, Catalogue, func(tx Tx) error {
		d, err := mustDist(tx, name)
		if err != nil {
			return err
		}
		plats, err := getRows(tx, PlatformsOf(d.Name), platformRow)
		if err != nil {
			return err
		}
		for _, p := range plats {
			sites, err := tx.List(SitesOf(p.Name), Page{Limit: 1})
			if err != nil {
				return err
			}
			if len(sites) > 0 {
				return Errorf(Refused, "%s still has sites on %s, for example %s.", d.Name, p.Name, sites[0]).
					WithHint("Migrate or remove its sites first.")
			}
			p.Distribution, p.Locked = "", false
			tx.Put(&p)
		}
		cursor := Cursor{Distribution: d.Name}
		if _, err := tx.Get(&cursor); err != nil {
			return err
		}
		tx.Delete(&cursor)
		if err := forgetLooks(tx, d.Name); err != nil {
			return err
		}
		if err := forgetPolicy(tx, d.Name); err != nil {
			return err
		}
		tx.Delete(&d)
		tx.Emit(audited(tx, who, "distribution.removed", string(d.Name)), Effect{Review: d.Name})
		return nil
	})
}
