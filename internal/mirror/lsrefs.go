package mirror

import (
	"errors"
	"fmt"
	"io"
	"strings"
)

// agent is sent in the body; the User-Agent header begins with git/ because some
// hosts route by it.
const (
	agent     = "git/distrobot"
	userAgent = "git/2.0 (distrobot)"
)

// lsRefsRequest is the body of a version 2 ls-refs request (gitprotocol-v2(5)).
func lsRefsRequest(caps capabilities, prefixes []string) []byte {
	b := appendPkt(nil, "command=ls-refs\n")
	if caps.agent {
		b = appendPkt(b, "agent="+agent+"\n")
	}
	b = appendPkt(b, "object-format="+caps.format+"\n")
	b = append(b, "0001"...)
	b = appendPkt(b, "peel\n")
	b = appendPkt(b, "symrefs\n")
	if caps.unborn {
		b = appendPkt(b, "unborn\n")
	}
	for _, p := range prefixes {
		b = appendPkt(b, "ref-prefix "+p+"\n")
	}
	return append(b, "0000"...)
}

// checkPrefixes refuses what would end the line or be cut by the server.
func checkPrefixes(prefixes []string) error {
	for _, p := range prefixes {
		if len(p) > maxRefName || strings.ContainsAny(p, "\n\x00") {
			return fmt.Errorf("ref prefix %q cannot be sent", bounded(p, 80))
		}
	}
	return nil
}

// maxSentPrefixes is where git's server drops the filter and lists everything.
const maxSentPrefixes = 65535

// readLsRefs reads the answer to an ls-refs request up to its flush. An answer
// without any line but the flush is a complete one: nothing matches.
func readLsRefs(r io.Reader, format string, c collector) (Listing, error) {
	p := newPktReader(r)
	c.listing.ObjectFormat = format
	for {
		kind, line, err := p.next()
		switch {
		case err != nil:
			return c.listing, err
		case kind == pktFlush:
			return c.listing, nil
		case kind != pktData:
			return c.listing, errors.New("a mark inside the list of refs")
		}
		if err := c.line(string(line)); err != nil {
			return c.listing, err
		}
	}
}

// A collector gathers checked refs that match the prefixes: servers may ignore
// them, and above 65,535 git's does.
type collector struct {
	prefixes []string
	limit    int // of refs kept
	listing  Listing
}

// line parses "<hash> <name>[ <attribute>...]"; unknown attributes are ignored.
func (c *collector) line(s string) error {
	hash, rest, _ := strings.Cut(s, " ")
	name, attributes, _ := strings.Cut(rest, " ")
	r := Ref{Name: name, Hash: hash}
	for a := range strings.FieldsSeq(attributes) {
		if v, ok := strings.CutPrefix(a, "peeled:"); ok {
			r.Peeled = v
		}
		if v, ok := strings.CutPrefix(a, "symref-target:"); ok && validRefName(v) && showable(v) {
			r.Symref = v
		}
	}
	if hash == "unborn" {
		c.listing.Unborn = r.Symref
		return nil
	}
	if !validHash(hash, c.listing.ObjectFormat) || r.Peeled != "" && !validHash(r.Peeled, c.listing.ObjectFormat) {
		return fmt.Errorf("not a ref: %q", bounded(s, 100))
	}
	return c.add(r)
}

// add keeps r if it matches. An impossible name spoils the whole answer; one
// that merely cannot be shown is counted and left out.
func (c *collector) add(r Ref) error {
	switch {
	case !validRefName(r.Name):
		return fmt.Errorf("the name %q cannot be a ref", bounded(r.Name, 100))
	case !matches(r.Name, c.prefixes):
	case !showable(r.Name):
		c.listing.Skipped++
	case len(c.listing.Refs) >= c.limit:
		return errTooManyRefs
	default:
		c.listing.Refs = append(c.listing.Refs, r)
	}
	return nil
}

var errTooManyRefs = errors.New("more refs than allowed")

// peel records the commit of the annotated tag just added, if it was kept.
func (c *collector) peel(name, hash string) {
	if n := len(c.listing.Refs); n > 0 && c.listing.Refs[n-1].Name == name {
		c.listing.Refs[n-1].Peeled = hash
	}
}
