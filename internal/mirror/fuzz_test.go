package mirror

import (
	"bytes"
	"errors"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

// checkListing fails if a listing that was accepted holds what must not pass.
func checkListing(t *testing.T, l Listing, prefixes []string) {
	t.Helper()
	for _, r := range l.Refs {
		if !validRefName(r.Name) || !utf8.ValidString(r.Name) || strings.Contains(r.Name, "..") || !matches(r.Name, prefixes) {
			t.Errorf("accepted the name %q", r.Name)
		}
		if !validHash(r.Hash, l.ObjectFormat) || r.Peeled != "" && !validHash(r.Peeled, l.ObjectFormat) {
			t.Errorf("accepted the hashes %q, %q", r.Hash, r.Peeled)
		}
		if r.Symref != "" && !validRefName(r.Symref) {
			t.Errorf("accepted the target %q", r.Symref)
		}
	}
}

func FuzzLsRefs(f *testing.F) {
	hash := strings.Repeat("1", 40)
	f.Add([]byte("0000"))
	f.Add(append(appendPkt(nil, hash+" refs/heads/main\n"), "0000"...))
	f.Add(append(appendPkt(nil, hash+" HEAD symref-target:refs/heads/main\n"), "0000"...))
	f.Add(append(appendPkt(nil, hash+" refs/tags/1 peeled:"+hash+"\n"), "0000"...))
	f.Add(append(appendPkt(nil, "unborn HEAD symref-target:refs/heads/main\n"), "0000"...))
	f.Add(appendPkt(nil, "ERR no\n"))
	f.Add([]byte("0003"))
	f.Fuzz(func(t *testing.T, answer []byte) {
		prefixes := []string{"HEAD", "refs/heads/", "refs/tags/"}
		l, err := readLsRefs(bytes.NewReader(answer), "sha1", collector{prefixes: prefixes, limit: 100})
		if err == nil {
			checkListing(t, l, prefixes)
		}
		if err == nil && !bytes.Contains(answer, []byte("0000")) {
			t.Error("accepted an answer without a flush")
		}
	})
}

func FuzzAdvertisement(f *testing.F) {
	hash := strings.Repeat("1", 40)
	f.Add([]byte("000eversion 2\n000bls-refs0000"))
	f.Add([]byte("001e# service=git-upload-pack\n0000000eversion 2\n000bls-refs0000"))
	f.Add(append(appendPkt(nil, hash+" HEAD\x00symref=HEAD:refs/heads/main object-format=sha1\n"), "0000"...))
	f.Add(append(appendPkt(appendPkt(nil, hash+" refs/tags/1\x00\n"), hash+" refs/tags/1^{}\n"), "0000"...))
	f.Fuzz(func(t *testing.T, answer []byte) {
		a, err := readAdvertisement(bytes.NewReader(answer), nil, 100)
		if err != nil {
			return
		}
		if a.v2 && a.caps.format != "sha1" && a.caps.format != "sha256" {
			t.Errorf("accepted the object format %q", a.caps.format)
		}
		checkListing(t, a.listing, nil)
	})
}

// FuzzPolicy checks what a URL that passes may still contain, as git and
// net/http will read it.
func FuzzPolicy(f *testing.F) {
	for _, s := range []string{
		"https://github.com/drupal/core.git", "https://user@host/a/b", "ext::sh -c id", "git@github.com:a/b", "-x",
		"https://127.0.0.1/a/b", "https://[::1]/a/b", "https://a/b?c#d", "https://h/%2e%2e/x", "https://h:443/a", "HTTPS://H/a",
	} {
		f.Add(s)
	}
	plain := regexp.MustCompile(`^[A-Za-z0-9:/._~+\[\]-]+$`)
	f.Fuzz(func(t *testing.T, raw string) {
		err := Policy{}.Check(raw)
		var refused *Refused
		if err != nil {
			if !errors.As(err, &refused) || refused.Reason == "" || strings.ContainsAny(refused.Reason, "\n\x00") {
				t.Errorf("%q: refused with %v", raw, err)
			}
			return
		}
		u, err := url.Parse(raw)
		if err != nil || u.Scheme != "https" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
			t.Errorf("%q passed as %+v, %v", raw, u, err)
			return
		}
		if !plain.MatchString(raw) || !strings.HasPrefix(strings.ToLower(raw), "https://") {
			t.Errorf("%q passed", raw)
		}
		if host := u.Hostname(); host == "" || strings.HasPrefix(host, "-") || strings.Contains(u.Path, "/-") || strings.Contains(u.Path, "/../") {
			t.Errorf("%q passed with host %q and path %q", raw, host, u.Path)
		}
	})
}

func FuzzCommits(f *testing.F) {
	hash := strings.Repeat("1", 40)
	f.Add([]byte(hash+"\x00Ann\x00a@b\x001700000000\x00Subject\x00"), uint8(7))
	f.Add([]byte(hash+"\x00\x00\x000\x00\x00"), uint8(1))
	f.Add([]byte("x\x00y"), uint8(3))
	f.Fuzz(func(t *testing.T, output []byte, step uint8) {
		var out fields
		for rest := output; len(rest) > 0; {
			n := min(int(step)+1, len(rest))
			_, _ = out.Write(rest[:n])
			rest = rest[n:]
		}
		list, err := parseCommits(out.all)
		if err != nil {
			return
		}
		for _, c := range list {
			for _, s := range []string{c.Author, c.Email, c.Subject} {
				if !utf8.ValidString(s) || len(s) > maxField+len("…") || strings.ContainsAny(s, "\n\r\x1b\x00") {
					t.Errorf("accepted the text %q", s)
				}
			}
			if !validHash(c.Hash, "") {
				t.Errorf("accepted the hash %q", c.Hash)
			}
		}
	})
}

// FuzzTree checks that records are recognised however the stream is cut, and
// that no path passes which leaves the directory.
func FuzzTree(f *testing.F) {
	hash := strings.Repeat("1", 40)
	f.Add([]byte("100644 blob "+hash+"      12\ta/b\x00"), uint8(3))
	f.Add([]byte("160000 commit "+hash+"       -\tsub\x00"), uint8(99))
	f.Add([]byte("120000 blob "+hash+" 3\t../x\x00"), uint8(1))
	f.Fuzz(func(t *testing.T, output []byte, step uint8) {
		whole, cutUp := newInspector(Limits{Files: 10}, "", &usage{}), newInspector(Limits{Files: 10}, "", &usage{})
		_, wholeErr := whole.Write(output)
		var cutErr error
		for rest := output; len(rest) > 0 && cutErr == nil; {
			n := min(int(step)+1, len(rest))
			_, cutErr = cutUp.Write(rest[:n])
			rest = rest[n:]
		}
		if (wholeErr == nil) != (cutErr == nil) {
			t.Fatalf("in one piece: %v; cut up: %v", wholeErr, cutErr)
		}
		if wholeErr != nil {
			return
		}
		a, errA := whole.finish()
		b, errB := cutUp.finish()
		if a != b || (errA == nil) != (errB == nil) {
			t.Errorf("in one piece: %+v, %v; cut up: %+v, %v", a, errA, b, errB)
		}
		for parent := range whole.parents {
			if parent == ".." || strings.HasPrefix(parent, "../") || strings.HasPrefix(parent, "/") {
				t.Errorf("accepted the directory %q", parent)
			}
		}
	})
}

// FuzzTagPrefix checks the one thing that matters of a prefix: every tag that
// the expression matches begins with it.
func FuzzTagPrefix(f *testing.F) {
	for _, s := range [][2]string{
		{`^1\.`, "1.0"}, {`^(v?1|2)\.x`, "v1.x"}, {`^7\.x-3\.\d+$`, "7.x-3.24"}, {`a|^b`, "xa"}, {`(?i)^V1`, "v1"},
		{`^(?:10\.1|10\.2)`, "10.2.3"}, {`^$|^1`, ""}, {`^a+b`, "aab"}, {`^a{2,3}`, "aaa"}, {`^(ab)?c`, "c"}, {`(?m)^1`, "0\n1"},
	} {
		f.Add(s[0], s[1])
	}
	f.Fuzz(func(t *testing.T, expr, tag string) {
		re, err := regexp.Compile(expr)
		if err != nil || !re.MatchString(tag) {
			return
		}
		if prefix := TagPrefix(re); !strings.HasPrefix("refs/tags/"+tag, prefix) {
			t.Errorf("%q matches %q, which does not begin with %q", tag, expr, prefix)
		}
	})
}
