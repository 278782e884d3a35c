package mirror_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/distrobot/distrobot/internal/mirror"
	"github.com/distrobot/distrobot/internal/mirror/mirrortest"
	"github.com/distrobot/distrobot/internal/run"
	"github.com/google/go-cmp/cmp"
)

// sshPolicy reads everything over SSH with one key.
func sshPolicy(key, knownHosts string) mirror.Policy {
	return mirror.Policy{AllowPrivate: true, AllowHTTP: true, AllowSSH: true, SSH: mirror.SSH{Keys: map[string]string{"*": key}, KnownHosts: knownHosts}}
}

func listSSH(t *testing.T, p mirror.Policy, url string, prefixes ...string) (mirror.Listing, error) {
	t.Helper()
	l := mirror.NewLister(p)
	defer l.Close()
	return l.List(t.Context(), mirror.Repo{URL: url}, prefixes)
}

// A private repository is listed and built over SSH with a deploy key, and the
// listing is the one that HTTP gives.
func TestRepositoryOverSSH(t *testing.T) {
	server, ssh := mirrortest.Serve(t), mirrortest.ServeSSH(t)
	for _, format := range []string{"sha1", "sha256"} {
		repo := server.Repo(t, format, "--object-format="+format)
		first := repo.Commit("main", "First", map[string]string{"a": "1"})
		repo.AnnotatedTag("1.0", first, "Release")
		repo.Tag("light", first)
		repo.Commit("main", "Second", map[string]string{"a": "2"})
		url, policy := ssh.URL(repo.Dir), sshPolicy(ssh.Key, ssh.KnownHosts)
		for _, prefixes := range [][]string{nil, {"refs/heads/"}, {"refs/tags/1"}, {"HEAD", "refs/heads/main"}, {"refs/heads/none"}} {
			want, err := listSSH(t, local, repo.URL, prefixes...)
			if err != nil {
				t.Fatal(err)
			}
			got, err := listSSH(t, policy, url, prefixes...)
			if err != nil {
				t.Fatal(err)
			}
			if len(want.Refs) == 0 {
				want.ObjectFormat = got.ObjectFormat // git ls-remote does not tell it of nothing
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s %v: %s", format, prefixes, diff)
			}
		}
		listing, err := listSSH(t, policy, url, "refs/tags/1.0")
		if err != nil {
			t.Fatal(err)
		}
		tag, _ := listing.Find("refs/tags/1.0")
		s := newStore(t)
		s.Policy = policy
		if err := s.Fetch(t.Context(), mirror.Repo{URL: url}, tag); err != nil {
			t.Fatal(err)
		}
		dir := filepath.Join(t.TempDir(), "p")
		if _, err := s.Checkout(t.Context(), mirror.Repo{URL: url}, tag.Commit(), dir); err != nil {
			t.Fatal(err)
		}
		if b, err := os.ReadFile(filepath.Join(dir, "a")); err != nil || string(b) != "1" {
			t.Errorf("%s: built %q, %v", format, b, err)
		}
	}
}

// Every way in which SSH refuses is one sentence, for listing and fetching alike,
// and with go-git where there are no programs.
func TestSSHRefusals(t *testing.T) {
	server, ssh := mirrortest.Serve(t), mirrortest.ServeSSH(t)
	repo := server.Repo(t, "shop")
	hash := repo.Commit("main", "First", map[string]string{"a": "1"})
	url, missing := ssh.URL(repo.Dir), filepath.Join(t.TempDir(), "missing")
	open := filepath.Join(t.TempDir(), "open")
	b, err := os.ReadFile(ssh.Key)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(open, b, 0o644); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, key, hosts, url string
		problem               mirror.Problem
		text                  string
		goGit                 bool // go-git says the same
	}{
		{"another host key", ssh.Key, ssh.OtherHosts, url, mirror.Untrusted, "127.0.0.1 shows another host key than the known one: somebody may be in between.", true},
		{"an unknown host key", ssh.Key, ssh.NoHosts, url, mirror.Untrusted, "The host key of 127.0.0.1 is not in the list of known hosts.", true},
		{"a key that is not accepted", ssh.Stranger, ssh.KnownHosts, url, mirror.NotFound, "127.0.0.1 does not accept the SSH key.", true},
		{"no file of known hosts", ssh.Key, missing, url, mirror.NotFound, "The list of known hosts cannot be read on this machine.", true},
		{"no key file", missing, ssh.KnownHosts, url, mirror.NotFound, "The SSH key for 127.0.0.1 cannot be read on this machine.", true},
		{"a key that others can read", open, ssh.KnownHosts, url, mirror.NotFound, "The SSH key for 127.0.0.1 cannot be used: it must be readable by its owner alone and have no passphrase.", false},
		{"no such repository", ssh.Key, ssh.KnownHosts, url + "x", mirror.NotFound, "There is no such repository on 127.0.0.1, or the SSH key does not open it.", false},
	}
	ref := mirror.Ref{Name: "refs/heads/main", Hash: hash}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			policy := sshPolicy(tt.key, tt.hosts)
			check := func(how string, err error) {
				t.Helper()
				var e *mirror.Error
				if !asError(err, &e) || e.Problem != tt.problem || e.Text != tt.text {
					t.Errorf("%s: %v", how, err)
				}
			}
			_, err := listSSH(t, policy, tt.url, "refs/heads/")
			check("list", err)
			s := newStore(t)
			s.Policy = policy
			check("fetch", s.Fetch(t.Context(), mirror.Repo{URL: tt.url}, ref))
			if tt.goGit {
				t.Setenv("PATH", t.TempDir())
				_, err := listSSH(t, policy, tt.url, "refs/heads/")
				check("list without programs", err)
			}
		})
	}
	t.Run("a host without a key", func(t *testing.T) {
		policy := sshPolicy(ssh.Key, ssh.KnownHosts)
		policy.SSH.Keys = map[string]string{"git.example.org": ssh.Key}
		if _, err := listSSH(t, policy, url); text(err) != "There is no SSH key for 127.0.0.1." {
			t.Errorf("got %v", err)
		}
	})
}

// Where a bot has no git, go-git lists; it is the same listing.
func TestListOverSSHWithoutPrograms(t *testing.T) {
	server, ssh := mirrortest.Serve(t), mirrortest.ServeSSH(t)
	repo := server.Repo(t, "shop")
	repo.AnnotatedTag("1.0", repo.Commit("main", "First", map[string]string{"a": "1"}), "Release")
	policy := sshPolicy(ssh.Key, ssh.KnownHosts)
	want, err := listSSH(t, policy, ssh.URL(repo.Dir), "refs/tags/")
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", t.TempDir())
	got, err := listSSH(t, policy, ssh.URL(repo.Dir), "refs/tags/")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" || len(got.Refs) != 1 {
		t.Error(diff)
	}
}

// The short form reaches the server as it was written, version 2 is asked for,
// and ssh is given neither an agent nor a configuration of the user.
func TestShortFormOfSSH(t *testing.T) {
	server, ssh := mirrortest.Serve(t), mirrortest.ServeSSH(t)
	repo := server.Repo(t, "shop")
	hash := repo.Commit("main", "First", map[string]string{"a": "1"})
	real, err := run.LookPath("ssh", os.Environ())
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	script := fmt.Sprintf("#!/bin/sh\nfor a; do echo \"$a\" >> %[1]s/args; done\nenv >> %[1]s/env\nexec %[2]s -p %[3]s \"$@\"\n", dir, real, ssh.Port)
	if err := os.WriteFile(filepath.Join(dir, "ssh"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	t.Setenv("SSH_AUTH_SOCK", "/nonexistent/agent")
	url, policy := ssh.User+"@127.0.0.1:"+repo.Dir, sshPolicy(ssh.Key, ssh.KnownHosts)
	listing, err := listSSH(t, policy, url, "refs/heads/main")
	if err != nil {
		t.Fatal(err)
	}
	if r, ok := listing.Find("refs/heads/main"); !ok || r.Hash != hash {
		t.Errorf("listed %+v", listing)
	}
	s := newStore(t)
	s.Policy = policy
	if err := s.Fetch(t.Context(), mirror.Repo{URL: url}, mirror.Ref{Name: "refs/heads/main", Hash: hash}); err != nil {
		t.Fatal(err)
	}
	read := func(name string) string {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	for _, want := range []string{"-F\nnone\n", "-oIdentitiesOnly=yes\n", "-oIdentityAgent=none\n", "-oStrictHostKeyChecking=yes\n", "-oBatchMode=yes\n", "SendEnv=GIT_PROTOCOL\n", "git-upload-pack '" + repo.Dir + "'\n"} {
		if strings.Count(read("args"), want) != 2 { // a listing and a fetch
			t.Errorf("ssh was called with\n%s, without %q", read("args"), want)
		}
	}
	if env := read("env"); strings.Contains(env, "SSH_AUTH_SOCK") || strings.Count(env, "GIT_PROTOCOL=version=2\n") != 2 {
		t.Errorf("ssh has the environment\n%s", env)
	}
}

func TestParseSSHKeys(t *testing.T) {
	got, err := mirror.ParseSSHKeys([]string{"GitHub.com/Org/shop.git=/k/shop", " github.com=/k/all", "*.example.org=/k/ours", "*=/k/any", ""}, "/k/hosts")
	want := mirror.SSH{KnownHosts: "/k/hosts", Keys: map[string]string{"github.com/Org/shop": "/k/shop", "github.com": "/k/all", "*.example.org": "/k/ours", "*": "/k/any"}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
	for _, bad := range [][2]string{
		{"/k/file", "/k/hosts"}, {"github.com", "/k/hosts"}, {"github.com=file", "/k/hosts"}, {"github.com=/k/a b", "/k/hosts"},
		{"-oProxyCommand=/x", "/k/hosts"}, {"github.com=/k/%h", "/k/hosts"}, {"github.com=/k", ""}, {"github.com=/k", "hosts"},
	} {
		if _, err := mirror.ParseSSHKeys([]string{bad[0]}, bad[1]); err == nil {
			t.Errorf("%q with %q was accepted", bad[0], bad[1])
		}
	}
}
