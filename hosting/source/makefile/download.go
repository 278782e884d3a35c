package makefile

import (
	"regexp"
	"strings"
)

// A Type says how something is fetched.
type Type string

// The types. With none, the version is looked up at the release source.
const (
	Git  Type = "git"
	Get  Type = "get"  // an archive or a single file
	File Type = "file" // the same; drush kept both words
	Copy Type = "copy" // from the makefile's own repository
)

// A Download is where something comes from.
type Download struct {
	Pos      Pos
	Type     Type
	URL      string // of git, "" is the release source's repository of the project
	Branch   string
	Tag      string
	Revision string // a commit, in full or its beginning, or the name of a ref
	Refspec  string // full name of a ref, for git
	Subtree  string // directory of an archive that is taken, clean, inside
	Filename string // what a single file is called
	Sums     Sums
}

// Sums are the checksums a makefile gives, in lower case, "" where it does not.
type Sums struct{ MD5, SHA1, SHA256 string }

// Empty reports whether nothing can be checked.
func (s Sums) Empty() bool { return s == Sums{} }

// A Patch is applied to a project after it was fetched. URL is an address or a
// path relative to the makefile.
type Patch struct {
	Pos  Pos
	Key  string // as in the makefile: a number or a name
	URL  string
	Sums Sums
}

// refText is a branch, a tag or a commit as git allows them, less what other
// programs take for an option or an expression.
var refText = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_./+-]{0,199}$`)

// readDownload reads a download; given without a type it is by git, as in drush.
func readDownload(n *Node) (Download, error) {
	d := Download{Pos: n.Pos}
	if !n.isMap() {
		kind := newMap(n.Pos)
		kind.set("type", n)
		n = kind
	}
	d.Type = Git
	for _, key := range n.Keys {
		if err := d.read(key, n.Sub[key]); err != nil {
			return d, err
		}
	}
	return d, d.check()
}

func (d *Download) read(key string, v *Node) error {
	if v.isMap() {
		return v.Pos.Refuse("%s of a download is not supported in this form", quote(key))
	}
	switch key {
	case "type":
		d.Type = Type(v.Text)
		return nil
	case "url":
		return setURL(&d.URL, v)
	case "branch":
		return setRef(&d.Branch, v)
	case "tag":
		return setRef(&d.Tag, v)
	case "revision":
		return setRef(&d.Revision, v)
	case "refspec":
		return setRef(&d.Refspec, v)
	case "subtree":
		return setPath(&d.Subtree, v)
	case "filename":
		return setPath(&d.Filename, v)
	case "md5", "sha1", "sha256":
		return d.Sums.set(key, v)
	}
	return v.Pos.Refuse("%s of a download is not supported", quote(key))
}

// check looks at the download as a whole.
func (d *Download) check() error {
	refs := d.Branch + d.Tag + d.Revision + d.Refspec
	switch {
	case d.Type == Git && (!d.Sums.Empty() || d.Filename != ""):
		return d.Pos.Refuse("a git download has no checksum and no file name; its revision says what it is")
	case d.Type == Git && d.Refspec != "" && !strings.HasPrefix(d.Refspec, "refs/"):
		return d.Pos.Refuse("a refspec begins with refs/")
	case d.Type == Git:
		return nil
	case d.Type != Get && d.Type != File && d.Type != Copy:
		return d.Pos.Refuse("download type %s is not supported; there are git, get, file and copy", quote(string(d.Type)))
	case d.URL == "":
		return d.Pos.Refuse("the download has no url")
	case refs != "":
		return d.Pos.Refuse("branches, tags and revisions are for downloads by git")
	case strings.Contains(d.Filename, "/"):
		return d.Pos.Refuse("a file name has no slash")
	}
	return nil
}

func setRef(to *string, v *Node) error {
	if v.Text == "" {
		return nil
	}
	if !refText.MatchString(v.Text) || strings.Contains(v.Text, "..") || strings.HasSuffix(v.Text, ".lock") || strings.HasSuffix(v.Text, "/") {
		return v.Pos.Refuse("%s cannot be the name of a branch, a tag or a commit", quote(v.Text))
	}
	*to = v.Text
	return nil
}

// setURL takes an address as it stands; whether it may be asked is decided where
// that is done.
func setURL(to *string, v *Node) error {
	if strings.HasPrefix(v.Text, "-") || strings.ContainsFunc(v.Text, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
		return v.Pos.Refuse("%s is not an address", quote(v.Text))
	}
	*to = v.Text
	return nil
}

// set takes a checksum; the lengths are those of the algorithms in hexadecimal.
func (s *Sums) set(key string, v *Node) error {
	to, digits := &s.MD5, 32
	switch key {
	case "sha1":
		to, digits = &s.SHA1, 40
	case "sha256":
		to, digits = &s.SHA256, 64
	}
	sum := strings.ToLower(v.Text)
	if len(sum) != digits || strings.Trim(sum, "0123456789abcdef") != "" {
		return v.Pos.Refuse("%s is not a %s checksum", quote(v.Text), key)
	}
	*to = sum
	return nil
}

// maxPatches bounds the patches of one project; the most seen is 14.
const maxPatches = 200

// readPatches reads a text, a list, or texts and {url, md5} by name.
func (p *Project) readPatches(v *Node) error {
	if !v.isMap() {
		one := newMap(v.Pos)
		one.set("0", v)
		v = one
	}
	if len(v.Keys) > maxPatches {
		return v.Pos.Refuse("%s has more than %d patches", p.Name, maxPatches)
	}
	for _, key := range v.Keys {
		patch, err := readPatch(key, v.Sub[key])
		if err != nil {
			return err
		}
		if patch.URL != "" {
			p.Patches = append(p.Patches, patch)
		}
	}
	return nil
}

// readPatch reads one patch; FALSE takes out an include's, as for projects.
func readPatch(key string, v *Node) (Patch, error) {
	out := Patch{Pos: v.Pos, Key: key}
	if v.no() {
		return out, nil
	}
	if !v.isMap() {
		if v.Text == "" {
			return out, v.Pos.Refuse("the patch has no address")
		}
		return out, setURL(&out.URL, v)
	}
	for _, k := range v.Keys {
		sub := v.Sub[k]
		var err error
		switch {
		case sub.isMap():
			err = sub.Pos.Refuse("%s of a patch is not supported in this form", quote(k))
		case k == "url":
			err = setURL(&out.URL, sub)
		case k == "md5" || k == "sha1" || k == "sha256":
			err = out.Sums.set(k, sub)
		default:
			err = sub.Pos.Refuse("%s of a patch is not supported", quote(k))
		}
		if err != nil {
			return out, err
		}
	}
	if out.URL == "" {
		return out, v.Pos.Refuse("the patch has no url")
	}
	return out, nil
}
