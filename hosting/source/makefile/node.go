package makefile

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/distrobot/distrobot/fleet"
)

// Bounds of makefiles. The largest real one seen has 1,100 lines and 60 KB.
const (
	maxFile  = 1 << 20 // bytes of one file
	maxNodes = 100_000 // of one file
	maxText  = 2048    // bytes of one name or value
	maxDepth = 8       // of keys within keys
)

// A Pos is a place in a makefile, for people.
type Pos struct {
	File string // as it is called in the repository
	Line int    // from 1
	Tree Tree   // where File is; nil for a makefile fetched by its address
}

// String gives "drupal-org.make, line 12".
func (p Pos) String() string {
	return fmt.Sprintf("%s, line %d", fleet.Clean(p.File, 120), p.Line)
}

// Refuse says what is wrong at p; the sentence has no full stop.
func (p Pos) Refuse(format string, args ...any) *fleet.Error {
	return fleet.Errorf(fleet.Invalid, "%s: %s.", p, fmt.Sprintf(format, args...))
}

// A Node is a value of a makefile: a text, nothing, or further nodes by name in
// the order they were first named. Entries of lists are named "0", "1", ….
type Node struct {
	Pos  Pos
	Text string
	Null bool // nothing was said: `~` in YAML
	Keys []string
	Sub  map[string]*Node // nil unless it holds others

	count int // the number of a list's next entry
}

func newMap(at Pos) *Node { return &Node{Pos: at, Sub: map[string]*Node{}} }

// locate says in which tree n and all it holds stand.
func (n *Node) locate(tree Tree) {
	n.Pos.Tree = tree
	for _, sub := range n.Sub {
		sub.locate(tree)
	}
}

// isMap reports whether n holds other nodes.
func (n *Node) isMap() bool { return n != nil && n.Sub != nil }

// get gives the node called name, nil if there is none.
func (n *Node) get(name string) *Node {
	if !n.isMap() {
		return nil
	}
	return n.Sub[name]
}

// set adds or replaces the node called name.
func (n *Node) set(name string, v *Node) {
	if _, ok := n.Sub[name]; !ok {
		n.Keys = append(n.Keys, name)
		if i, err := strconv.ParseUint(name, 10, 16); err == nil {
			n.count = max(n.count, int(i)+1)
		}
	}
	n.Sub[name] = v
}

// drop removes the node called name.
func (n *Node) drop(name string) {
	delete(n.Sub, name)
	for i, k := range n.Keys {
		if k == name {
			n.Keys = append(n.Keys[:i:i], n.Keys[i+1:]...)
			return
		}
	}
}

// next is the name of a list's next entry: one above the highest number, as in
// PHP.
func (n *Node) next() string { return strconv.Itoa(n.count) }

// no reports whether n is the word that takes a project out of an include.
func (n *Node) no() bool { return n != nil && !n.isMap() && strings.EqualFold(n.Text, "false") }

// isNumber reports whether a name is that of a list's entry.
func isNumber(name string) bool {
	_, err := strconv.ParseUint(name, 10, 16)
	return err == nil
}

// quote makes foreign text fit for a sentence.
func quote(s string) string { return strconv.Quote(fleet.Clean(s, 80)) }
