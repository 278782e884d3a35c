package mirror

import (
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
)

// Policy says which repositories may be contacted. The zero value allows https
// to any public host, which is what a bot that takes URLs from a chat needs.
type Policy struct {
	// AllowPrivate admits loopback, private and link-local addresses, and ports
	// other than the scheme's own. Set it where the git server is in-house.
	AllowPrivate bool
	// AllowHTTP admits http, where anyone between can change what is built.
	AllowHTTP bool
	// AllowSSH admits ssh://user@host/path and user@host:path. Keys of hosts are
	// never accepted on first sight; see SSH.
	AllowSSH bool
	// SSH is what repositories over SSH are read with.
	SSH SSH
	// Hosts, if not empty, is the list of hosts that may be contacted, exactly
	// or as "*.example.org" for all names below example.org.
	Hosts []string
	// ConnsPerHost bounds the connections to one host; 0 means 8, as git hosts
	// document no limit and polite clients stay low.
	ConnsPerHost int
	// Credentials are what private repositories are read with, by host; see
	// ParseCredentials. A Repo's own comes first.
	Credentials map[string]Credential
}

// maxURL bounds a URL in bytes; git hosts allow far less.
const maxURL = 1024

// segment is one part of a repository's path. Percent signs are not among the
// characters, so what is checked is what is sent.
var segment = regexp.MustCompile(`^[A-Za-z0-9_.~+][A-Za-z0-9._~+-]*$`)

// hostName is a DNS name; addresses are checked by netip.
var hostName = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*$`)

const httpsHint = "Type the address as https://host/path, as the site of the repository shows it for cloning."

// Check returns nil if rawURL may be contacted and a *Refused that says why not
// otherwise. It asks no name server: a host name that leads to a private
// address is refused when the connection is made.
func (p Policy) Check(rawURL string) error {
	var u *url.URL
	if p.AllowSSH && len(rawURL) <= maxURL && !strings.Contains(rawURL, "://") && shortForm.MatchString(rawURL) {
		a, err := parseAddress(rawURL)
		if err != nil {
			return err
		}
		u = a.url()
	} else {
		if err := checkShape(rawURL); err != nil {
			return err
		}
		var err error
		if u, err = url.Parse(rawURL); err != nil {
			return refuse(httpsHint, "This is not a URL that I can read.")
		}
	}
	switch {
	case u.User != nil && !p.sshLogin(u):
		return refuse("Leave it out; the operator can set credentials for the host.", "The URL contains a user name or a password.")
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || strings.Contains(rawURL, "#"):
		return refuse("Leave out everything from the ? or # on.", "The URL has a query or a fragment, which a repository has not.")
	}
	if err := p.checkScheme(u); err != nil {
		return err
	}
	if err := p.checkHost(u); err != nil {
		return err
	}
	return checkPath(u.EscapedPath())
}

// checkShape refuses what would not reach the git protocol through HTTP at all
// but be read as an option, a local path or a program to run.
func checkShape(raw string) error {
	scheme, _, hasScheme := strings.Cut(raw, "://")
	switch {
	case raw == "":
		return refuse(httpsHint, "The URL is empty.")
	case len(raw) > maxURL:
		return refuse("", "The URL is longer than %d bytes.", maxURL)
	case strings.HasPrefix(raw, "-"):
		return refuse(httpsHint, "The URL begins with a dash, so that programs would take it for an option.")
	case strings.Contains(scheme, "::"): // without a scheme that is the whole address
		return refuse(httpsHint, "The address names a transport helper (such as ext:: or fd::), which can run programs.")
	case strings.ContainsFunc(raw, func(r rune) bool { return r < 0x20 || r == 0x7f || r == 0xfffd }):
		return refuse("", "The URL contains control characters.")
	case strings.ContainsAny(raw, " \\\u00a0"):
		return refuse("", "The URL contains a space or a backslash.")
	}
	if hasScheme {
		return nil
	}
	if scpLike.MatchString(raw) {
		return refuse(httpsHint, "This is the short form of an SSH address (user@host:path), which I do not read.")
	}
	return refuse(httpsHint, "The address has no scheme such as https://; paths on this machine are not tracked.")
}

var scpLike = regexp.MustCompile(`^[^/]+:`)

func (p Policy) checkScheme(u *url.URL) error {
	switch u.Scheme {
	case "https":
		return nil
	case "http":
		if p.AllowHTTP {
			return nil
		}
		return refuse("Use https instead.", "Plain http is not allowed: anybody on the way could change the code.")
	case "ssh":
		if p.AllowSSH {
			return nil
		}
		return refuse(httpsHint, "SSH addresses are not allowed here.")
	case "file":
		return refuse(httpsHint, "file:// would read this machine's disk.")
	}
	return refuse(httpsHint, "Only https is allowed, not another scheme.")
}

// sshLogin reports whether u is an allowed SSH address with a bare user name,
// which SSH needs.
func (p Policy) sshLogin(u *url.URL) bool {
	_, hasPassword := u.User.Password()
	return p.AllowSSH && u.Scheme == "ssh" && !hasPassword && segment.MatchString(u.User.Username())
}

func (p Policy) checkHost(u *url.URL) error {
	host := strings.ToLower(u.Hostname())
	addr, err := netip.ParseAddr(host)
	isAddr := err == nil
	switch {
	case host == "":
		return refuse(httpsHint, "The URL has no host.")
	case isAddr && addr.Zone() != "":
		return refuse("", "The URL names a network interface.")
	case !isAddr && (len(host) > 253 || !hostName.MatchString(host)):
		return refuse("Write international names in their xn-- form.", "The host name in the URL is not valid.")
	case !p.listed(host):
		return refuse("The operator can add it to the list of hosts.", "The host %s is not on the list of allowed hosts.", host)
	case p.AllowPrivate:
		return checkPort(u.Port())
	case isAddr && !public(addr):
		return errPrivate(host)
	case host == "localhost" || hasAnySuffix(host, ".localhost", ".local", ".internal"):
		return errPrivate(host)
	case u.Port() != "" && u.Port() != defaultPort(u.Scheme):
		return refuse("Leave the port out.", "Only the usual port of %s is allowed.", u.Scheme)
	}
	return nil
}

func errPrivate(host string) error {
	return refuse("The operator can allow private addresses.",
		"%s is an address inside a private network or on this machine, which is not allowed.", host)
}

// listed reports whether Hosts admits host, which is in lower case.
func (p Policy) listed(host string) bool {
	if len(p.Hosts) == 0 {
		return true
	}
	for _, entry := range p.Hosts {
		entry = strings.ToLower(entry)
		if below, ok := strings.CutPrefix(entry, "*."); ok && strings.HasSuffix(host, "."+below) || entry == host {
			return true
		}
	}
	return false
}

// checkPort refuses what url.Parse lets through but no connection can use.
func checkPort(port string) error {
	if port == "" {
		return nil
	}
	if _, err := net.LookupPort("tcp", port); err != nil {
		return refuse("", "The port in the URL is not valid.")
	}
	return nil
}

func defaultPort(scheme string) string {
	return map[string]string{"https": "443", "http": "80", "ssh": "22"}[scheme]
}

func checkPath(path string) error {
	path = strings.TrimSuffix(path, "/")
	if path == "" {
		return refuse(httpsHint, "The URL names a host but no repository.")
	}
	for part := range strings.SplitSeq(strings.TrimPrefix(path, "/"), "/") {
		if part == ".." || part == "." || !segment.MatchString(part) {
			return refuse("", "The path in the URL contains a part that no repository has.")
		}
	}
	return nil
}

func hasAnySuffix(s string, suffixes ...string) bool {
	for _, suffix := range suffixes {
		if strings.HasSuffix(s, suffix) {
			return true
		}
	}
	return false
}
