package mirror

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/distrobot/distrobot/internal/run"
)

// SSH says what repositories over SSH are read with. Nothing else is used: no
// agent, no configuration and no default keys of the user, no password.
type SSH struct {
	// Keys are files with private keys, by "HOST/PATH" (a deploy key opens one
	// repository), "HOST", "*.example.org" or "*"; the closest counts.
	Keys map[string]string
	// KnownHosts is a file as sshd(8) describes it. A host that is not in it, or
	// shows another key, is never talked to.
	KnownHosts string
}

// sshFile is a path that ssh's options take without quoting.
var sshFile = regexp.MustCompile(`^[A-Za-z0-9/._+@:,-]+$`)

// ParseSSHKeys reads entries such as "github.com/org/shop=/etc/distrobot/shop" and
// "*=/etc/distrobot/id_ed25519", and the name of the file of known hosts.
func ParseSSHKeys(entries []string, knownHosts string) (SSH, error) {
	out := SSH{Keys: map[string]string{}, KnownHosts: knownHosts}
	for i, entry := range entries {
		if entry = strings.TrimSpace(entry); entry == "" {
			continue
		}
		where, file, ok := strings.Cut(entry, "=")
		host, path, _ := strings.Cut(where, "/")
		switch {
		case !ok || host != "*" && !hostName.MatchString(strings.TrimPrefix(host, "*.")):
			return SSH{}, fmt.Errorf("key %d does not begin with HOST= or HOST/PATH=", i+1)
		case !filepath.IsAbs(file) || !sshFile.MatchString(file):
			return SSH{}, fmt.Errorf("key %d, of %s, is no absolute path of letters, digits and ._+@:,-", i+1, host)
		}
		out.Keys[sshName(host, path)] = file
	}
	if len(out.Keys) == 0 {
		return SSH{}, nil
	}
	if !filepath.IsAbs(knownHosts) || !sshFile.MatchString(knownHosts) {
		return SSH{}, errors.New("there are SSH keys, but no absolute path of a file of known hosts")
	}
	return out, nil
}

// sshName is how a repository is called in SSH.Keys.
func sshName(host, path string) string {
	path = strings.TrimSuffix(strings.Trim(path, "/"), ".git")
	return strings.TrimSuffix(strings.ToLower(host)+"/"+path, "/")
}

// key gives the file with the key for a repository, "" if there is none.
func (c SSH) key(a address) string {
	for name := sshName(a.host, a.path); ; {
		if file, ok := c.Keys[name]; ok {
			return file
		}
		i := strings.LastIndexByte(name, '/')
		if i < 0 {
			break
		}
		name = name[:i]
	}
	for below := a.host; ; {
		_, rest, ok := strings.Cut(below, ".")
		if !ok {
			return c.Keys["*"]
		}
		if file, ok := c.Keys["*."+rest]; ok {
			return file
		}
		below = rest
	}
}

// overSSH gives what git needs in its environment to reach a repository over SSH.
func (p Policy) overSSH(ctx context.Context, a address) ([]string, error) {
	args, err := p.sshArgs(ctx, a)
	if err != nil {
		return nil, err
	}
	return []string{
		"GIT_ALLOW_PROTOCOL=ssh",
		"GIT_SSH_COMMAND=ssh " + run.Quote(args...),
		"GIT_SSH_VARIANT=ssh", // git then asks for protocol version 2 by -oSendEnv=GIT_PROTOCOL
	}, nil
}

// sshArgs gives the arguments for ssh before the port and the host.
func (p Policy) sshArgs(ctx context.Context, a address) ([]string, error) {
	key := p.SSH.key(a)
	if key == "" {
		return nil, refuse("The operator can set one.", "There is no SSH key for %s.", a.host)
	}
	for what, file := range map[string]string{"SSH key for " + a.host: key, "list of known hosts": p.SSH.KnownHosts} {
		if _, err := os.Stat(file); err != nil {
			return nil, problem(NotFound, err, "The %s cannot be read on this machine.", what)
		}
	}
	pinned, err := p.pin(ctx, a)
	if err != nil {
		return nil, err
	}
	args := append([]string{"-F", "none"}, sshOptions()...)
	args = append(args, "-oIdentityFile="+key, "-oUserKnownHostsFile="+p.SSH.KnownHosts)
	return append(args, pinned...), nil
}

// sshOptions are those of ssh_config(5) that leave it nothing to ask or to take
// from elsewhere.
func sshOptions() []string {
	return []string{
		"-oBatchMode=yes", "-oStrictHostKeyChecking=yes", "-oGlobalKnownHostsFile=/dev/null", "-oUpdateHostKeys=no",
		"-oVerifyHostKeyDNS=no", "-oCheckHostIP=no", "-oCanonicalizeHostname=no",
		"-oIdentitiesOnly=yes", "-oIdentityAgent=none", "-oAddKeysToAgent=no", "-oPreferredAuthentications=publickey",
		"-oPasswordAuthentication=no", "-oKbdInteractiveAuthentication=no",
		"-oForwardAgent=no", "-oForwardX11=no", "-oClearAllForwardings=yes", "-oPermitLocalCommand=no",
		"-oProxyCommand=none", "-oProxyJump=none", "-oControlMaster=no", "-oControlPath=none",
		"-oEscapeChar=none", "-oConnectTimeout=15", "-oServerAliveInterval=15", "-oServerAliveCountMax=4", "-oLogLevel=ERROR",
	}
}

// pin looks the host up, and where private addresses are not allowed makes ssh
// use the address that was checked, under the host's own name for its key.
func (p Policy) pin(ctx context.Context, a address) ([]string, error) {
	addrs, err := p.resolve(ctx, a.host)
	if err != nil || p.AllowPrivate {
		return nil, err
	}
	if _, err := netip.ParseAddr(a.host); err == nil || len(addrs) == 0 {
		return nil, nil
	}
	chosen := addrs[0]
	for _, addr := range addrs { // ssh gets one address, and not every machine has IPv6
		if addr.Is4() {
			chosen = addr
			break
		}
	}
	return []string{"-oHostName=" + chosen.String(), "-oHostKeyAlias=" + a.host}, nil
}

// sshError words what ssh said, nil if it said nothing that is known.
func sshError(host string, err error, stderr string) error {
	said := func(text string) bool { return strings.Contains(stderr, text) }
	var out *Error
	switch {
	case said("REMOTE HOST IDENTIFICATION HAS CHANGED"), said("knownhosts: key mismatch"):
		out = problem(Untrusted, err, "%s shows another host key than the known one: somebody may be in between.", host)
		out.Hint = "If the host has announced a new key, put it into the list of known hosts."
	case said("host key is known for"), said("knownhosts: key is unknown"):
		out = problem(Untrusted, err, "The host key of %s is not in the list of known hosts.", host)
		out.Hint = "Add what the host publishes as its key; ssh-keyscan shows what it offers."
	case said("are too open"), said("Load key"), said("no key found"):
		out = problem(NotFound, err, "The SSH key for %s cannot be used: it must be readable by its owner alone and have no passphrase.", host)
	case said("Permission denied ("), said("unable to authenticate"):
		out = problem(NotFound, err, "%s does not accept the SSH key.", host)
		out.Hint = "Add its public half to the repository as a deploy key."
	case said("Could not resolve hostname"), said("Connection refused"), said("Connection closed"), said("Connection timed out"), said("No route to host"), said("Connection reset"):
		out = problem(Unreachable, err, "%s cannot be reached.", host)
	case said("does not appear to be a git repository"), said("Repository not found"), said("not found"):
		out = problem(NotFound, err, "There is no such repository on %s, or the SSH key does not open it.", host)
	default:
		return nil
	}
	return out
}
