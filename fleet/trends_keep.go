package fleet

import (
	"context"
	"slices"
)

// forget drops what is kept of distributions that are gone.
func (t *Trends) forget(ctx context.Context) (int, error) {
	names, err := t.Store.List(ctx, AllDistributions, Page{})
	if err != nil {
		return 0, err
	}
	there := map[string]bool{wholeFleet: true}
	for _, n := range names {
		there[fold(n)] = true
	}
	total := 0
	for _, x := range []struct {
		ix  Index
		row func(id string) Record
	}{
		{allTrends, func(id string) Record { t := &Trend{}; trendRow(t, id); return t }},
		{allCourses, func(id string) Record { return &Course{Distribution: DistName(id)} }},
	} {
		ids, err := t.Store.List(ctx, x.ix, Page{})
		if err != nil {
			return total, err
		}
		for _, id := range slices.DeleteFunc(ids, func(id string) bool { return there[id] }) {
			if err := drop(ctx, t.Store, x.row(id)); err != nil {
				return total, err
			}
			total++
		}
	}
	return total, nil
}

// drop deletes a row, if it is there.
func drop(ctx context.Context, s Store, r Record) error {
	return s.Update(ctx, r.Key().Family, func(tx Tx) error {
		if found, err := tx.Get(r); err != nil || !found {
			return err
		}
		tx.Delete(r)
		return nil
	})
}

// Look gives the trend of a distribution, or of the whole fleet, with how it
// stands now as its last day.
func (t *Trends) Look(ctx context.Context, of DistName) (Trend, error) {
	now, err := clockOf(ctx, t.Store, Feeds)
	if err != nil {
		return Trend{}, err
	}
	here := figures{at: now}
	if here.standings, err = (&Catalog{Store: t.Store}).Standing(ctx); err != nil {
		return Trend{}, err
	}
	if here.perils, here.known, err = (&Advisories{Store: t.Store}).counted(ctx); err != nil {
		return Trend{}, err
	}
	return t.with(ctx, of, here)
}

// with gives a trend that ends with what is known of the present. One that was
// changed by somebody without the key is not shown.
func (t *Trends) with(ctx context.Context, of DistName, here figures) (Trend, error) {
	row := Trend{Distribution: of}
	if _, err := t.Store.Read(ctx, &row); CodeOf(err) == Tampered {
		row = Trend{}
	} else if err != nil {
		return Trend{}, err
	}
	row.Distribution = of
	var err error
	if here.courses, err = t.courses(ctx); err != nil {
		return Trend{}, err
	}
	for _, d := range here.days() {
		if fold(string(d.of)) == fold(string(of)) {
			row.Days = append(slices.DeleteFunc(row.Days, func(old Day) bool { return old.Date >= d.day.Date }), d.day)
		}
	}
	return row, nil
}
