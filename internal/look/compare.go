package look

import (
	"image"
	"image/color"
	"image/draw"

	"github.com/orisano/pixelmatch"
)

// Of the comparison.
const (
	// perceptible is how far two colours must be apart to count, from 0 to 1 in
	// YIQ, as pixelmatch has it. Edges that are smoothed otherwise never count.
	perceptible = 0.1
	// tile is the side of the squares in which differing pixels are gathered, and
	// enough how many make one differ. So the share says how much of the page's area
	// looks otherwise: a line of text counts by the room it takes, not by its ink.
	tile   = 16
	enough = 4
)

// A Difference is how far two pictures differ.
type Difference struct {
	Share float64     // of the area, 0 to 1
	Image *image.RGBA // the second picture, pale, with what differs in red
}

// Compare compares two pictures of a page. What is masked in either is masked in
// both. The shorter one is continued by nothing, which differs.
func Compare(before, after Picture) Difference {
	r := before.Image.Bounds().Union(after.Image.Bounds())
	masked := append(append([]image.Rectangle{}, before.Masked...), after.Masked...)
	a, b := level(before.Image, r, masked), level(after.Image, r, masked)
	// What it draws is grey, yellow where only smoothing differs, and hit where
	// something does; its own masks mark whole columns. The error says that the
	// sizes differ, which they do not.
	var drawn image.Image
	_, _ = pixelmatch.MatchPixel(a, b, pixelmatch.Threshold(perceptible), pixelmatch.DiffColor(hit), pixelmatch.WriteTo(&drawn))
	mask, ok := drawn.(*image.RGBA)
	if !ok {
		mask = image.NewRGBA(r)
	}
	beyond(mask, before.Image.Bounds().Intersect(after.Image.Bounds()))
	return Difference{Share: share(mask), Image: marked(b, mask)}
}

// hit is how a differing pixel is marked.
var hit = color.RGBA{0xff, 0, 0, 0xff}

// maskGrey is what is painted over what moves.
var maskGrey = image.NewUniform(color.RGBA{0xc8, 0xc8, 0xc8, 0xff})

// level gives an image the size of r and paints what is masked.
func level(img *image.RGBA, r image.Rectangle, masked []image.Rectangle) *image.RGBA {
	out := image.NewRGBA(r)
	draw.Draw(out, r, image.White, image.Point{}, draw.Src)
	draw.Draw(out, img.Bounds(), img, img.Bounds().Min, draw.Src)
	for _, m := range masked {
		draw.Draw(out, m, maskGrey, image.Point{}, draw.Src)
	}
	return out
}

// beyond marks what only one of two pictures has.
func beyond(mask *image.RGBA, common image.Rectangle) {
	r := mask.Bounds()
	draw.Draw(mask, image.Rect(r.Min.X, common.Max.Y, r.Max.X, r.Max.Y), image.NewUniform(hit), image.Point{}, draw.Src)
	draw.Draw(mask, image.Rect(common.Max.X, r.Min.Y, r.Max.X, r.Max.Y), image.NewUniform(hit), image.Point{}, draw.Src)
}

func differs(mask *image.RGBA, x, y int) bool { return mask.RGBAAt(x, y) == hit }

// share is how much of the area is in tiles that differ.
func share(mask *image.RGBA) float64 {
	r := mask.Bounds()
	var differing, all int
	for top := r.Min.Y; top < r.Max.Y; top += tile {
		for left := r.Min.X; left < r.Max.X; left += tile {
			area := image.Rect(left, top, left+tile, top+tile).Intersect(r)
			n := 0
			for y := area.Min.Y; y < area.Max.Y; y++ {
				for x := area.Min.X; x < area.Max.X; x++ {
					if differs(mask, x, y) {
						n++
					}
				}
			}
			size := area.Dx() * area.Dy()
			if all += size; n >= enough {
				differing += size
			}
		}
	}
	if all == 0 {
		return 0
	}
	return float64(differing) / float64(all)
}

// marked paints what differs over a pale picture.
func marked(img, mask *image.RGBA) *image.RGBA {
	r := img.Bounds()
	out := image.NewRGBA(r)
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			if differs(mask, x, y) {
				out.SetRGBA(x, y, hit)
				continue
			}
			c := img.RGBAAt(x, y)
			grey := (uint32(c.R)*299 + uint32(c.G)*587 + uint32(c.B)*114) / 1000
			pale := uint8(0xff - (0xff-grey)/4)
			out.SetRGBA(x, y, color.RGBA{pale, pale, pale, 0xff})
		}
	}
	return out
}
