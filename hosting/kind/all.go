// Package kind is what distrobot knows about content management systems. Each
// kind is one file and one line in All.
package kind

import "github.com/distrobot/distrobot/hosting"

// All lists the kinds, the one that knows the least last.
func All() []hosting.Kind {
	return []hosting.Kind{
		wordpress{},
		backdrop{},
		drupal{},
		generic{},
	}
}
