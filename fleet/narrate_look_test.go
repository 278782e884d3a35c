package fleet_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/distrobot/distrobot/fleet"
)

// TestTellLookWithoutPictures: that all pictures are gone is said once; of some that
// are gone the words stay in their places; where there never was one nothing is said.
func TestTellLookWithoutPictures(t *testing.T) {
	kept, gone := fleet.Picture{N: 1, Alt: "page /, 390 px", PNG: []byte("png")}, fleet.Picture{N: 2, Alt: "page /a, 390 px"}
	pages := []fleet.Sight{{Path: "/", Width: 390, Picture: 1}, {Path: "/a", Width: 390, Picture: 2}}
	for name, tt := range map[string]struct {
		pages    []fleet.Sight
		pictures []fleet.Picture
		shown    int
		said     bool
	}{
		"all kept":  {pages, []fleet.Picture{kept, kept}, 2, false},
		"some gone": {pages, []fleet.Picture{kept, gone}, 2, false},
		"all gone":  {pages, []fleet.Picture{gone, gone}, 0, true},
		"never any": {[]fleet.Sight{{Path: "/", Width: 390, Wrong: "it took too long"}}, nil, 0, false},
	} {
		m := fleet.TellLook(fleet.Look{Site: "shop.example", Pages: tt.pages}, tt.pictures)
		if said := strings.Contains(fmt.Sprint(m.Lines), "not kept any more"); len(m.Pictures) != tt.shown || said != tt.said {
			t.Errorf("%s: %d pictures, said to be gone: %v", name, len(m.Pictures), said)
		}
	}
}
