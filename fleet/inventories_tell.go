package fleet

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// stock notes what there was, and tells people what has changed.
func (x *Inventories) stock(ctx context.Context, host HostName, v Inventory, have []Site, out *Taken) error {
	known := map[URI]bool{}
	for _, s := range have {
		known[s.URI] = true
	}
	unknown, err := x.unrecorded(ctx, strangers(v, known))
	if err != nil {
		return err
	}
	return x.Store.Update(ctx, Catalogue, func(tx Tx) error {
		s := Stock{Host: host}
		if _, err := tx.Get(&s); err != nil {
			return err
		}
		news := tellInventory(out.Changes, unknown, newcomers(unknown, s), s.At.IsZero())
		s.System, s.Platforms, s.Sites, s.Strangers, s.At = v.System, len(v.Platforms), len(v.Sites), len(unknown), tx.Now()
		s.Unknown = unknown[:min(len(unknown), maxUnknown)]
		tx.Put(&s)
		out.Stock = s
		if news == "" {
			return nil
		}
		return raise(tx, Alarm{ID: "inventory/" + string(host) + "/" + stampID(tx.Now()), About: string(host), Tone: Warn,
			Title: fmt.Sprintf("%s on host %s was changed by other means", v.System, host),
			Text:  news + fmt.Sprintf(" What there is: %s hosts %s", Slash, host)})
	})
}

// unrecorded leaves those out that were recorded since the records were read.
func (x *Inventories) unrecorded(ctx context.Context, uris []URI) ([]URI, error) {
	names := make([]string, len(uris))
	for i, u := range uris {
		names[i] = string(u)
	}
	rows, err := readRows(ctx, x.Store, names, siteRow)
	known := map[URI]bool{}
	for _, s := range rows {
		known[s.URI] = true
	}
	return slices.DeleteFunc(uris, func(u URI) bool { return known[u] }), err
}

// newcomers are the unrecorded sites that were not there at the last look; all of
// them where that cannot be told one by one.
func newcomers(unknown []URI, last Stock) []URI {
	switch {
	case last.Strangers <= len(last.Unknown):
		return slices.DeleteFunc(slices.Clone(unknown), func(u URI) bool { return slices.Contains(last.Unknown, u) })
	case len(unknown) > last.Strangers:
		return unknown
	}
	return nil
}

// toldChanges is how many changes one message names.
const toldChanges = 8

// tellInventory is what people are told of a look; "" if there is nothing new.
// Platforms that the first look finds are no news one by one.
func tellInventory(changes []string, unknown, fresh []URI, first bool) string {
	if first {
		changes = slices.DeleteFunc(slices.Clone(changes), func(c string) bool { return strings.HasSuffix(c, " is there") })
	}
	text := ""
	for i, c := range changes {
		if i == toldChanges {
			text += fmt.Sprintf("And %s more. ", Plural(len(changes)-i, "change", "changes"))
			break
		}
		text += strings.ToUpper(c[:1]) + Clean(c[1:], 200) + ". "
	}
	if drifts := slices.ContainsFunc(changes, func(c string) bool { return strings.HasPrefix(c, "site ") }); drifts {
		text += "Nothing upgrades a site that differs from its record. To take it as it is now: " + Slash + " site adopt URI. "
	}
	if len(fresh) > 0 {
		text += fmt.Sprintf("%s not recorded, for example %s. To take over what there is: %s site adopt --all. ",
			Plural(len(unknown), "site there is", "sites there are"), fresh[0], Slash)
	}
	return strings.TrimSpace(text)
}
