package aegir

import (
	"regexp"
	"strings"

	"github.com/distrobot/distrobot/fleet"
)

// A block is one server of an nginx configuration: its directives and what is
// nested in it, line by line as Aegir's templates write them.
type block struct {
	listen, names, ssl []string // whole directives
	lines              []string // all between the braces
	root, returns      bool
}

var directive = regexp.MustCompile(`^([a-z_0-9]+)\s+[^{}]*;$`)

// blocks reads the servers of a site's vhost.
func blocks(text string) []block {
	var out []block
	depth := 0
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		before := depth
		depth += strings.Count(line, "{") - strings.Count(line, "}")
		if before == 0 {
			if strings.HasPrefix(line, "server") && depth == 1 {
				out = append(out, block{})
			}
			continue
		}
		if len(out) == 0 || depth == 0 {
			continue
		}
		b := &out[len(out)-1]
		b.lines = append(b.lines, line)
		if before == 1 {
			b.note(line)
		}
	}
	return out
}

// note sorts a directive of a server.
func (b *block) note(line string) {
	m := directive.FindStringSubmatch(line)
	if m == nil {
		return
	}
	switch name := m[1]; {
	case name == "listen":
		b.listen = append(b.listen, line)
	case name == "server_name":
		b.names = append(b.names, line)
	case strings.HasPrefix(name, "ssl") || name == "http2":
		b.ssl = append(b.ssl, line)
	case name == "root":
		b.root = true
	case name == "return":
		b.returns = true
	}
}

// held is the configuration that shadows a site's vhost: visitors get 503, at the
// same addresses and names and with the same certificates, and the worker asks at
// a loopback address what they would get. mark names this very version of it.
func held(uri fleet.URI, vhost, check, mark string) string {
	servers := blocks(vhost)
	if len(servers) == 0 {
		servers = []block{{listen: []string{"listen *:80;"}, names: []string{"server_name " + string(uri) + ";"}}}
	}
	var out strings.Builder
	line := func(lines ...string) {
		for _, l := range lines {
			out.WriteString(l + "\n")
		}
	}
	line("# " + string(uri) + " is being moved by distrobot; this file goes when that is over.")
	for _, b := range servers {
		line("server {")
		line(b.listen...)
		line(b.names...)
		line(b.ssl...)
		line("add_header Retry-After 60 always;", "add_header Cache-Control no-store always;", "default_type text/plain;",
			`return 503 "This site is being updated. Please try again in a minute.\n";`, "}")
	}
	line("server {", "listen "+check+";", "location = "+markPath+mark+" { return 204; }")
	served := serving(servers)
	for _, l := range served.lines {
		if name, _, _ := strings.Cut(l, " "); name == "listen" || strings.HasPrefix(name, "ssl") || name == "http2" {
			continue
		}
		line(l)
	}
	line("}")
	return out.String()
}

// markPath is where the check's server says which version of it answers.
const markPath = "/.distrobot/"

// serving is the server that has the site: the others redirect to it.
func serving(servers []block) block {
	best := servers[len(servers)-1]
	for _, b := range servers {
		if b.root && (!b.returns || !best.root) {
			best = b
		}
	}
	return best
}
