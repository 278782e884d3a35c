package mirror

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strconv"
	"time"
)

// public reports whether a packet to addr leaves for the public internet. The
// list is that of the IANA special-purpose registries. For IPv6 only the space
// that is given out (2000::/3) counts, without the ranges that carry an IPv4
// address inside, which could smuggle a private one past the check.
func public(addr netip.Addr) bool {
	addr = addr.Unmap()
	if addr.Zone() != "" || !addr.IsGlobalUnicast() || addr.IsPrivate() {
		return false
	}
	for _, block := range specialBlocks() {
		if block.Contains(addr) {
			return false
		}
	}
	return addr.Is4() || netip.MustParsePrefix("2000::/3").Contains(addr)
}

func specialBlocks() []netip.Prefix {
	return []netip.Prefix{
		netip.MustParsePrefix("0.0.0.0/8"),       // this network
		netip.MustParsePrefix("100.64.0.0/10"),   // carrier-grade NAT
		netip.MustParsePrefix("192.0.0.0/24"),    // protocol assignments
		netip.MustParsePrefix("192.0.2.0/24"),    // documentation
		netip.MustParsePrefix("198.18.0.0/15"),   // benchmarks
		netip.MustParsePrefix("198.51.100.0/24"), // documentation
		netip.MustParsePrefix("203.0.113.0/24"),  // documentation
		netip.MustParsePrefix("240.0.0.0/4"),     // reserved
		netip.MustParsePrefix("2001::/23"),       // Teredo and other assignments
		netip.MustParsePrefix("2001:db8::/32"),   // documentation
		netip.MustParsePrefix("2002::/16"),       // 6to4
	}
}

// resolve returns the addresses of host that may be contacted. If the host has
// only private ones the error is a *Refused; a mixture is refused too, since it
// is how DNS rebinding looks.
func (p Policy) resolve(ctx context.Context, host string) ([]netip.Addr, error) {
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil, problem(Unreachable, err, "The host %s cannot be found.", host)
	}
	for i, addr := range addrs {
		addrs[i] = addr.Unmap()
		if !p.AllowPrivate && !public(addr) {
			return nil, errPrivate(host)
		}
	}
	return addrs, nil
}

// dial connects like net.Dialer, but only to addresses that resolve admits, and
// to exactly those: the name is not looked up a second time.
func (p Policy) dial(ctx context.Context, network, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	addrs, err := p.resolve(ctx, host)
	if err != nil {
		return nil, err
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return nil, err
	}
	dialer := net.Dialer{Timeout: 10 * time.Second}
	var failures []error
	for _, addr := range addrs {
		conn, err := dialer.DialContext(ctx, network, netip.AddrPortFrom(addr, uint16(n)).String())
		if err == nil {
			return conn, nil
		}
		failures = append(failures, err)
	}
	return nil, errors.Join(failures...)
}
