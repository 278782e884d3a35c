package main

import (
	"os"
	"slices"

	"golang.org/x/crypto/ssh"

	"github.com/distrobot/distrobot/internal/mirror"
)

// checkKeys reads the keys that repositories over SSH need, as ssh itself would.
func checkKeys(cfg Config) []finding {
	keys, err := mirror.ParseSSHKeys(cfg.SSHKeys, cfg.KnownHosts)
	if err != nil {
		return []finding{broken("keys", "DISTROBOT_SSH_KEYS: "+err.Error(), "correct it in .env")}
	}
	if len(keys.Keys) == 0 {
		return nil
	}
	var out []finding
	files := map[string]bool{}
	for _, file := range keys.Keys {
		files[file] = true
	}
	names := make([]string, 0, len(files))
	for file := range files {
		names = append(names, file)
	}
	slices.Sort(names)
	for _, file := range names {
		out = append(out, checkKey(file))
	}
	return append(out, checkKnownHosts(keys.KnownHosts))
}

// checkKey looks for what makes ssh refuse a key: others may read it, it asks
// for a passphrase, or it is none.
func checkKey(file string) finding {
	at, err := os.Stat(file)
	if err != nil {
		return broken("keys", "the SSH key "+file+" cannot be read", "put it there, for this user alone")
	}
	if at.Mode().Perm()&0o077 != 0 {
		return broken("keys", "the SSH key "+file+" can be read by others, so ssh does not use it", "chmod 600 "+file)
	}
	pem, err := os.ReadFile(file)
	if err != nil {
		return broken("keys", "the SSH key "+file+" cannot be read", "let it belong to this user")
	}
	switch _, err := ssh.ParseRawPrivateKey(pem); err.(type) {
	case nil:
		return fine("keys", "the SSH key "+file+" can be used")
	case *ssh.PassphraseMissingError:
		return broken("keys", "the SSH key "+file+" asks for a passphrase, and nobody is there to answer", "make a deploy key without one: ssh-keygen -t ed25519 -N '' -f FILE")
	default:
		return broken("keys", file+" holds no private key of SSH", "name the private key, not the .pub file")
	}
}

// checkKnownHosts counts the hosts that are believed.
func checkKnownHosts(file string) finding {
	text, err := os.ReadFile(file)
	if err != nil {
		return broken("keys", "the file of known hosts "+file+" cannot be read", "make it: ssh-keyscan HOST > "+file+", and compare the keys with what the host publishes")
	}
	for len(text) > 0 {
		_, _, _, _, rest, err := ssh.ParseKnownHosts(text)
		if err == nil {
			return fine("keys", "the file of known hosts is there")
		}
		text = rest
	}
	return broken("keys", "the file of known hosts "+file+" names no host, so none is believed", "add the hosts of your repositories: ssh-keyscan HOST, and compare the keys")
}
