package mirror

import (
	"fmt"
	"io"
	"strings"
)

// capabilities are what a discovery tells about a repository that later requests
// depend on. Version 2 over HTTP is stateless, so a client that remembers them
// needs no discovery before each request.
type capabilities struct {
	format string // object-format, "sha1" if not said
	agent  bool   // the server takes an agent line
	unborn bool   // the server takes the argument unborn
}

// An advertisement is the answer to a discovery: capabilities of version 2, or
// the complete listing of a server that speaks only version 0 or 1.
type advertisement struct {
	v2      bool
	caps    capabilities
	listing Listing // unless v2
}

// readAdvertisement reads the answer to GET info/refs. prefixes and limit apply
// to the listing of an old server.
func readAdvertisement(r io.Reader, prefixes []string, limit int) (advertisement, error) {
	p := newPktReader(r)
	kind, line, err := p.next()
	if err != nil {
		return advertisement{}, err
	}
	if kind == pktData && string(line) == "# service=git-upload-pack" {
		if kind, _, err = p.next(); err != nil || kind != pktFlush {
			return advertisement{}, fmt.Errorf("no flush after the service line: %w", orCut(err))
		}
		if kind, line, err = p.next(); err != nil {
			return advertisement{}, err
		}
	}
	switch first := string(line); {
	case kind == pktFlush: // version 0 of an empty repository, as some servers say it
		return advertisement{listing: Listing{ObjectFormat: "sha1"}}, nil
	case first == "version 2":
		caps, err := readCapabilities(p)
		return advertisement{v2: true, caps: caps}, err
	case first == "version 1":
		if kind, line, err = p.next(); err != nil || kind != pktData {
			return advertisement{}, orCut(err)
		}
	case strings.HasPrefix(first, "version "):
		return advertisement{}, errVersion
	}
	listing, err := readOldRefs(p, line, collector{prefixes: prefixes, limit: limit})
	return advertisement{listing: listing}, err
}

// errVersion says that a server speaks a protocol version from the future.
var errVersion = fmt.Errorf("the server speaks an unknown version of the git protocol")

func orCut(err error) error {
	if err == nil {
		return errCut
	}
	return err
}

// readCapabilities reads the capability lines of version 2 up to the flush.
func readCapabilities(p *pktReader) (capabilities, error) {
	caps, lists := capabilities{format: "sha1"}, false
	for {
		kind, line, err := p.next()
		if err != nil {
			return caps, err
		}
		if kind == pktFlush {
			break
		}
		switch key, value, _ := strings.Cut(string(line), "="); key {
		case "agent":
			caps.agent = true
		case "ls-refs":
			lists = true
			for feature := range strings.FieldsSeq(value) {
				caps.unborn = caps.unborn || feature == "unborn"
			}
		case "object-format":
			caps.format = value
		}
	}
	if !lists || caps.format != "sha1" && caps.format != "sha256" {
		return caps, fmt.Errorf("the server cannot list refs in a form that I know")
	}
	return caps, nil
}

// readOldRefs reads the ref list of versions 0 and 1, whose first line, already
// read, carries the capabilities after a NUL. The peeled hash of an annotated tag
// follows it as a line of its own, named with ^{}.
func readOldRefs(p *pktReader, first []byte, c collector) (Listing, error) {
	line, rest, _ := strings.Cut(string(first), "\x00")
	head := ""
	c.listing.ObjectFormat = "sha1"
	for word := range strings.FieldsSeq(rest) {
		key, value, _ := strings.Cut(word, "=")
		if target, ok := strings.CutPrefix(value, "HEAD:"); key == "symref" && ok {
			head = target
		}
		if key == "object-format" {
			c.listing.ObjectFormat = value
		}
	}
	for {
		hash, name, ok := strings.Cut(line, " ")
		switch {
		case !ok || !validHash(hash, c.listing.ObjectFormat):
			return c.listing, fmt.Errorf("not a ref: %q", bounded(line, 100))
		case strings.HasPrefix(line, "shallow "), name == "capabilities^{}":
		case strings.HasSuffix(name, "^{}"):
			c.peel(strings.TrimSuffix(name, "^{}"), hash)
		default:
			r := Ref{Name: name, Hash: hash}
			if name == "HEAD" {
				r.Symref = head
			}
			if err := c.add(r); err != nil {
				return c.listing, err
			}
		}
		kind, data, err := p.next()
		if err != nil {
			return c.listing, err
		}
		if kind == pktFlush {
			return c.listing, nil
		}
		line = string(data)
	}
}
