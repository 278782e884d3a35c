package hosting

import (
	"math"
	"strings"
)

// Bounds of what is looked at. Each page costs three pictures at each width.
const (
	maxLookPages  = 5
	maxLookMasks  = 50
	maxLookMask   = 200 // bytes of a selector
	lookThreshold = 1.0 // per cent, where a page names none
)

// A LookSpec says of which pages pictures are compared when a site is moved, if
// the distribution's policy wants that.
type LookSpec struct {
	Pages []LookPage `yaml:"pages"` // default: the path of check
	Mask  []string   `yaml:"mask"`  // CSS selectors of what moves, on every page
}

// A LookPage is one page that is looked at.
type LookPage struct {
	Path string `yaml:"path"` // begins with a slash
	// Threshold is how much of the page's area may look otherwise, in per cent,
	// before a person is asked; default 1.
	Threshold float64  `yaml:"threshold"`
	Mask      []string `yaml:"mask"`
}

// looks gives the pages to look at, with their thresholds and all their masks.
func (s Spec) looks() []LookPage {
	pages := s.Look.Pages
	if len(pages) == 0 {
		pages = []LookPage{{Path: s.Check.Path}}
	}
	out := make([]LookPage, len(pages))
	for i, p := range pages {
		out[i] = LookPage{Path: orDefault(p.Path, "/"), Threshold: orDefault(p.Threshold, lookThreshold)}
		out[i].Mask = append(append([]string{}, s.Look.Mask...), p.Mask...)
	}
	return out
}

func (l LookSpec) bounded() error {
	if len(l.Pages) > maxLookPages {
		return invalid("look: more than %d pages", maxLookPages)
	}
	if err := boundedMasks(l.Mask); err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, p := range l.Pages {
		switch {
		case !strings.HasPrefix(p.Path, "/") || strings.HasPrefix(p.Path, "//") || len(p.Path) > maxSpecText || printable(p.Path) != nil:
			return invalid("look: the path of a page must begin with one slash")
		case seen[p.Path]:
			return invalid("look: the page %s is there twice", p.Path)
		case math.IsNaN(p.Threshold) || p.Threshold < 0 || p.Threshold > 100:
			return invalid("look: a threshold is a percentage from 0 to 100")
		}
		seen[p.Path] = true
		if err := boundedMasks(p.Mask); err != nil {
			return err
		}
	}
	return nil
}

func boundedMasks(masks []string) error {
	if len(masks) > maxLookMasks {
		return invalid("look: more than %d masks", maxLookMasks)
	}
	for _, m := range masks {
		if strings.TrimSpace(m) == "" || len(m) > maxLookMask || printable(m) != nil || strings.ContainsAny(m, "{}<") {
			return invalid("look: a mask is a CSS selector of at most %d bytes", maxLookMask)
		}
	}
	return nil
}
