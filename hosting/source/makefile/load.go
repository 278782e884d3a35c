package makefile

import (
	"context"
	"path"
	"strings"

	"github.com/distrobot/distrobot/fleet"
)

// Bounds of includes.
const (
	maxIncludes     = 200 // files in all
	maxIncludeDepth = 16
)

// A Tree is where makefiles are read from: a checkout of a repository. Names are
// slash-separated, cleaned and relative to its top.
type Tree interface {
	// ReadFile gives the content of a file, never of one outside the tree, and
	// of none above limit bytes. A file that is not there is fs.ErrNotExist.
	ReadFile(name string, limit int64) ([]byte, error)
}

// Remote fetches what includes name outside their tree; nil refuses them all.
type Remote interface {
	// Get gives the content of an address.
	Get(ctx context.Context, url string, limit int64) ([]byte, error)
	// Repository gives the tree of a git repository.
	Repository(ctx context.Context, d Download) (Tree, error)
}

// A Loader reads a makefile with everything that it includes.
type Loader struct {
	Remote Remote
	// Warn, if set, is told what may not mean what its author thinks.
	Warn func(text string)
}

// Load reads the makefile called name in tree and its includes, merges them and
// checks the whole. The including file's keys win over those of its includes,
// and among includes the one listed first wins, as drush 8 does; overrides win
// over everything.
func (l Loader) Load(ctx context.Context, tree Tree, name string) (Makefile, error) {
	r := &reading{loader: l}
	n, err := r.file(ctx, origin{tree: tree, name: path.Clean(name)}, Pos{File: name})
	if err != nil {
		return Makefile{}, err
	}
	return read(n)
}

// Parse reads one makefile without its includes, which stay in the tree.
func Parse(name string, b []byte) (*Node, error) {
	if len(b) > maxFile {
		return nil, Pos{File: name, Line: 1}.Refuse("the makefile is larger than %d KiB", maxFile>>10)
	}
	if strings.IndexByte(string(b), 0) >= 0 {
		return nil, Pos{File: name, Line: 1}.Refuse("the makefile holds a NUL byte")
	}
	var n *Node
	var err error
	switch {
	case strings.HasSuffix(name, ".yml"), strings.HasSuffix(name, ".yaml"):
		n, err = parseYAML(name, b)
	default:
		n, err = parseINI(name, b)
	}
	if err != nil {
		return nil, err
	}
	return n, normalise(n)
}

// An origin names a file beyond doubt, so that loops are seen.
type origin struct {
	tree Tree
	name string // in the tree
	url  string // of a remote file, whose tree is nil
}

// A reading is one call of Load.
type reading struct {
	loader Loader
	stack  []origin
	files  int
}

// file reads o and merges its includes into it.
func (r *reading) file(ctx context.Context, o origin, from Pos) (*Node, error) {
	if r.files++; r.files > maxIncludes {
		return nil, from.Refuse("more than %d makefiles are included", maxIncludes)
	}
	if len(r.stack) >= maxIncludeDepth {
		return nil, from.Refuse("includes are nested more than %d deep", maxIncludeDepth)
	}
	for _, s := range r.stack {
		if s == o {
			return nil, from.Refuse("%s includes itself", quote(o.called()))
		}
	}
	b, err := r.content(ctx, o, from)
	if err != nil {
		return nil, err
	}
	n, err := Parse(o.called(), b)
	if err != nil {
		return nil, err
	}
	n.locate(o.tree)
	r.stack = append(r.stack, o)
	defer func() { r.stack = r.stack[:len(r.stack)-1] }()
	includes, overrides := n.get("includes"), n.get("overrides")
	n.drop("includes")
	n.drop("overrides")
	if err := r.merge(ctx, n, includes, false); err != nil {
		return nil, err
	}
	return n, r.merge(ctx, n, overrides, true)
}

// merge reads each file of list and merges it into n.
func (r *reading) merge(ctx context.Context, n, list *Node, wins bool) error {
	if list == nil || list.Null {
		return nil
	}
	if !list.isMap() {
		return list.Pos.Refuse("includes and overrides are lists of files")
	}
	for _, key := range list.Keys {
		entry := list.Sub[key]
		o, err := r.find(ctx, entry)
		if err != nil {
			return err
		}
		other, err := r.file(ctx, o, entry.Pos)
		if err != nil {
			return err
		}
		if wins {
			overlay(n, other, r.collided)
		} else {
			underlay(n, other, r.collided)
		}
	}
	return nil
}

func (r *reading) collided(kept, lost *Node) {
	if r.loader.Warn != nil {
		r.loader.Warn(fleet.Clean("The patch of "+lost.Pos.String()+" is replaced by that of "+kept.Pos.String()+
			", since both have the same number; give them keys to apply both.", 400))
	}
}

func (o origin) called() string {
	if o.url != "" {
		return o.url
	}
	return o.name
}
