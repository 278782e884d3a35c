package fleet

import (
	"context"
	"slices"
	"strings"
)

// maxAliases bounds the hosts that redirect to one site.
const maxAliases = 20

// Alias adds and removes hosts that redirect to a site. Invalid for what is no
// host name, Exists for the address of another site.
func (ss *Sites) Alias(ctx context.Context, uri URI, add, remove []string, who Actor) (Site, error) {
	var out Site
	err := ss.Store.Update(ctx, Catalogue, func(tx Tx) error {
		s, err := mustSite(tx, uri)
		if err != nil {
			return err
		}
		next, err := editAliases(tx, s, add, remove)
		if err != nil {
			return err
		}
		if out = s; slices.Equal(next, s.Aliases) {
			return nil
		}
		out.Aliases = next
		tx.Put(&out)
		tx.Emit(audited(tx, who, "site.aliased", string(uri), "aliases", strings.Join(next, " ")))
		return nil
	})
	return out, err
}

func editAliases(tx Tx, s Site, add, remove []string) ([]string, error) {
	next := slices.Clone(s.Aliases)
	for _, text := range add {
		a, err := ParseURI(text)
		if err != nil {
			return nil, err
		}
		if strings.Contains(string(a), "/") || a == s.URI {
			return nil, Errorf(Invalid, "%s cannot redirect to %s: name another host, without a path.", Clean(text, 80), s.URI)
		}
		other := Site{URI: a}
		if found, err := tx.Get(&other); err != nil || found {
			return nil, orErr(err, Errorf(Exists, "%s is a site of its own, on %s.", a, other.Platform))
		}
		next = append(next, string(a))
	}
	for _, text := range remove {
		next = slices.DeleteFunc(next, func(a string) bool { return strings.EqualFold(a, text) })
	}
	slices.Sort(next)
	if next = slices.Compact(next); len(next) > maxAliases {
		return nil, Errorf(Invalid, "A site has at most %d aliases.", maxAliases)
	}
	return next, nil
}

func orErr(err error, otherwise error) error {
	if err != nil {
		return err
	}
	return otherwise
}
