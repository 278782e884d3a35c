package mirror

import (
	"bytes"
	"context"
	"errors"
	"path"
	"strings"
)

// checkLinks refuses symbolic links that are absolute or lead out of the tree,
// which a web server would follow. Links through other links are checked once
// more after the checkout (see resolveLinks), where they can be followed.
func (s *Store) checkLinks(ctx context.Context, dir string, in *inspector) error {
	targets, err := s.blobs(ctx, dir, in.symlinks, maxPath)
	if err != nil {
		return err
	}
	for i, link := range in.symlinks {
		if err := checkLink(link.path, string(targets[i])); err != nil {
			return err
		}
		in.targets = append(in.targets, string(targets[i]))
	}
	return nil
}

func checkLink(name, target string) error {
	if target == "" || strings.ContainsRune(target, 0) {
		return refuse("", "The repository has the broken link %q.", bounded(name, 100))
	}
	inside := path.Join(path.Dir(name), target)
	if path.IsAbs(target) || inside == ".." || strings.HasPrefix(inside, "../") {
		return errEscapes(name)
	}
	return nil
}

func errEscapes(name string) error {
	return refuse("Remove the link from the repository.",
		"The link %q in the repository leads out of it.", bounded(name, 100))
}

// converting are the words without which attributes ask for no conversion on
// checkout that git can do without configuration (gitattributes(5)).
var converting = []string{"crlf", "ident", "working-tree-encoding"}

// checkAttributes reads the .gitattributes files for what concerns a checkout.
func (s *Store) checkAttributes(ctx context.Context, p part) error {
	rules, err := s.blobs(ctx, p.git, p.in.rules, 0)
	if err != nil {
		return err
	}
	usesLFS := false
	for _, content := range rules {
		usesLFS = usesLFS || bytes.Contains(content, []byte("filter=lfs"))
		for _, word := range converting {
			p.in.converts = p.in.converts || bytes.Contains(content, []byte(word))
		}
	}
	if usesLFS {
		return s.findPointers(ctx, p)
	}
	return nil
}

// unwrapKnown returns the *Refused or *Error inside err, or err itself: what a
// writer of ours said comes back wrapped in the failure of the program.
func unwrapKnown(err error) error {
	var refused *Refused
	if errors.As(err, &refused) {
		return refused
	}
	var known *Error
	if errors.As(err, &known) {
		return known
	}
	return err
}
