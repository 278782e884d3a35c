// Package kind is what distrobot knows about content management systems. Each
// kind is one file and one line in All.
package kind

import (
	"slices"

	"github.com/distrobot/distrobot/hosting"
)

// All lists the kinds, the one that knows the least last.
func All() []hosting.Kind {
	return []hosting.Kind{
		wordpress{},
		backdrop{},
		drupal{},
		generic{},
	}
}

// Of gives the first kind of a list that a tree is of.
func Of(kinds []hosting.Kind, t hosting.Tree) hosting.Kind {
	i := slices.IndexFunc(kinds, func(k hosting.Kind) bool { return k.Detect(t) })
	return kinds[max(i, 0)]
}
