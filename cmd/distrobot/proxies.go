package main

import (
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// parseProxies reads the addresses and networks of DISTROBOT_TRUSTED_PROXIES.
func parseProxies(list []string) ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, text := range list {
		if text = strings.TrimSpace(text); text == "" {
			continue
		}
		p, err := netip.ParsePrefix(text)
		if a, plain := netip.ParseAddr(text); plain == nil {
			p, err = a.Prefix(a.BitLen())
		}
		if err != nil {
			return nil, fmt.Errorf("DISTROBOT_TRUSTED_PROXIES: %q is no address (10.0.0.5) and no network (10.0.0.0/8)", text)
		}
		out = append(out, p.Masked())
	}
	return out, nil
}

// behind gives requests that came through a trusted proxy the address of whoever
// sent them, for logs. Each proxy appends the address it saw to X-Forwarded-For,
// so the header is read from its end, as far as those who wrote it are trusted;
// what stands before may have been made up by the sender.
func behind(proxies []netip.Prefix, next http.Handler) http.Handler {
	if len(proxies) == 0 {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if from := sender(proxies, r); from != "" {
			r.RemoteAddr = from
		}
		next.ServeHTTP(w, r)
	})
}

// sender gives the address of the first hop that no trusted proxy is; "" if the
// request came from it directly.
func sender(proxies []netip.Prefix, r *http.Request) string {
	trusted := func(a netip.Addr) bool {
		return slices.ContainsFunc(proxies, func(p netip.Prefix) bool { return p.Contains(a.Unmap()) })
	}
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || !trusted(peer.Addr()) {
		return ""
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	found := ""
	for _, hop := range slices.Backward(hops) {
		a, err := netip.ParseAddr(strings.TrimSpace(hop))
		if err != nil {
			return found // not an address: nothing before it is believed
		}
		if found = a.Unmap().String(); !trusted(a) {
			break
		}
	}
	return found
}
