package fleet

import (
	"context"
	"slices"
)

// Advisories keeps what sources say of holes, and tells where they are. What
// the sources say is foreign, so nothing is moved or freed by it: it is a word
// to people.
type Advisories struct {
	Store Store
}

// Library reads everything that is known. A page that was changed by somebody
// without the key is left out, as on every page that only shows.
func (as *Advisories) Library(ctx context.Context) (Library, error) {
	feeds, err := as.Feeds(ctx)
	if err != nil || len(feeds) == 0 {
		return Library{}, err
	}
	var ids []string
	for _, f := range feeds {
		ids = append(ids, f.Pages...)
	}
	pages, _, err := soundRows(ctx, as.Store, ids, func(p *FeedPage, id string) { p.ID = id })
	if err != nil {
		return Library{}, err
	}
	all := make([][]Advisory, len(pages))
	for i, p := range pages {
		all[i] = p.Advisories
	}
	return NewLibrary(feeds, all...), nil
}

// Feeds lists the sources that are set, by name.
func (as *Advisories) Feeds(ctx context.Context) ([]Feed, error) {
	names, err := as.Store.List(ctx, AllFeeds, Page{Limit: MaxFeeds})
	if err != nil || len(names) == 0 {
		return nil, err
	}
	feeds, _, err := soundRows(ctx, as.Store, names, func(f *Feed, name string) { f.Name = name })
	return slices.DeleteFunc(feeds, func(f Feed) bool { return !f.Watched }), err
}

// Weigh tells what an upgrade from one platform to another does about
// advisories; zero when no source is set.
func (as *Advisories) Weigh(ctx context.Context, from, to PlatformFacts) (Advice, error) {
	l, err := as.Library(ctx)
	if err != nil || len(l.Feeds) == 0 {
		return Advice{}, err
	}
	a, b := Platform{Name: from.Platform}, Platform{Name: to.Platform}
	if _, err := as.Store.Read(ctx, &a, &b); err != nil {
		return Advice{}, err
	}
	advice := Weigh(l, a, b, from.Packages, to.Packages)
	if len(advice.Of(Mends))+len(advice.Of(Leaves)) > 0 {
		counts, err := as.Store.Count(ctx, SitesOf(a.Name))
		if err != nil {
			return Advice{}, err
		}
		advice.Exposed = counts[0]
	}
	return advice, nil
}
