package makefile

import "strings"

// normalise brings the short forms of a file into the long one, so that files
// can be merged key by key: projects[] = x, projects[x] = 3.1, x: ~.
func normalise(n *Node) error {
	for _, section := range []string{"projects", "libraries"} {
		list := n.get(section)
		if list == nil || list.Null {
			n.drop(section)
			continue
		}
		if !list.isMap() {
			return list.Pos.Refuse("%s is a list", section)
		}
		long := newMap(list.Pos)
		for _, key := range list.Keys {
			if err := expand(section, long, key, list.Sub[key]); err != nil {
				return err
			}
		}
		n.set(section, long)
	}
	return nil
}

// expand adds one entry of a section to long.
func expand(section string, long *Node, key string, v *Node) error {
	at := v.Pos
	switch {
	case isNumber(key) && v.isMap():
		return at.Refuse("an entry of %s has no name", section)
	case isNumber(key): // projects[] = x
		key, v = v.Text, newMap(at)
	case v.Null:
		v = newMap(at)
	case v.isMap(), v.no():
	case strings.EqualFold(v.Text, "true"):
		return at.Refuse("%s is neither a version nor FALSE", quote(v.Text))
	default: // projects[x] = 3.1
		m := newMap(at)
		m.set("version", v)
		v = m
	}
	if old := long.get(key); old.isMap() && v.isMap() {
		overlay(old, v, nil)
		return nil
	}
	long.set(key, v)
	return nil
}

// underlay adds what other has and n has not, key by key. collided is told of
// numbered patches that get lost; no other lists are left at this point.
func underlay(n, other *Node, collided func(kept, lost *Node)) {
	for _, key := range other.Keys {
		theirs := other.Sub[key]
		ours := n.get(key)
		switch {
		case ours == nil:
			n.set(key, theirs)
		case ours.isMap() && theirs.isMap():
			underlay(ours, theirs, collided)
		case isNumber(key) && collided != nil && ours.Text != theirs.Text:
			collided(ours, theirs)
		}
	}
}

// overlay is underlay with other winning.
func overlay(n, other *Node, collided func(kept, lost *Node)) {
	for _, key := range other.Keys {
		theirs := other.Sub[key]
		ours := n.get(key)
		if ours.isMap() && theirs.isMap() {
			overlay(ours, theirs, collided)
			continue
		}
		if ours != nil && isNumber(key) && collided != nil && ours.Text != theirs.Text {
			collided(theirs, ours)
		}
		n.set(key, theirs)
	}
}
