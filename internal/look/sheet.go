package look

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"

	"golang.org/x/image/draw"
	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
)

// A Sheet is one image of several pictures beside each other, with words above.
type Sheet struct {
	Title, Note string // what was looked at; what was found
	Panels      []Panel
}

// A Panel is a picture with its label.
type Panel struct {
	Label string
	Image *image.RGBA
}

// Of a sheet, in pixels.
const (
	margin     = 24
	titleSize  = 24
	textSize   = 16
	labelRoom  = 32
	headRoom   = 84
	panelWidth = 720 // wider pictures are scaled down
)

var (
	paper = color.RGBA{0xf4, 0xf4, 0xf2, 0xff}
	ink   = color.RGBA{0x1d, 0x1c, 0x1d, 0xff}
	frame = color.RGBA{0x8a, 0x88, 0x86, 0xff}
)

// PNG draws a sheet in at most limit bytes: it is scaled down until it fits.
func (s Sheet) PNG(limit int) ([]byte, error) {
	if len(s.Panels) == 0 {
		return nil, fmt.Errorf("look: a sheet without pictures")
	}
	for width := panelWidth; width >= 40; width = width * 4 / 5 {
		img, err := s.draw(width)
		if err != nil {
			return nil, err
		}
		var out bytes.Buffer
		if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&out, img); err != nil {
			return nil, err
		}
		if out.Len() <= limit {
			return out.Bytes(), nil
		}
	}
	return nil, fmt.Errorf("look: the sheet does not fit into %d bytes", limit)
}

// draw draws the sheet with pictures of at most the given width.
func (s Sheet) draw(width int) (*image.RGBA, error) {
	bold, err := face(gobold.TTF, titleSize)
	if err != nil {
		return nil, err
	}
	regular, err := face(goregular.TTF, textSize)
	if err != nil {
		return nil, err
	}
	sizes, high, wide := make([]image.Point, len(s.Panels)), 0, margin
	for i, p := range s.Panels {
		b := p.Image.Bounds()
		scale := min(1, float64(width)/float64(max(b.Dx(), 1)))
		sizes[i] = image.Pt(max(1, int(float64(b.Dx())*scale)), max(1, int(float64(b.Dy())*scale)))
		high, wide = max(high, sizes[i].Y), wide+sizes[i].X+margin
	}
	words := max(font.MeasureString(bold, s.Title).Ceil(), font.MeasureString(regular, s.Note).Ceil())
	out := image.NewRGBA(image.Rect(0, 0, max(wide, words+2*margin), headRoom+labelRoom+high+margin))
	draw.Draw(out, out.Bounds(), image.NewUniform(paper), image.Point{}, draw.Src)
	write(out, bold, image.Pt(margin, margin+titleSize), s.Title)
	write(out, regular, image.Pt(margin, margin+titleSize+textSize+12), s.Note)
	left := margin
	for i, p := range s.Panels {
		write(out, regular, image.Pt(left, headRoom+labelRoom-10), p.Label)
		r := image.Rectangle{Max: sizes[i]}.Add(image.Pt(left, headRoom+labelRoom))
		draw.Draw(out, r.Inset(-1), image.NewUniform(frame), image.Point{}, draw.Src)
		draw.CatmullRom.Scale(out, r, p.Image, p.Image.Bounds(), draw.Src, nil)
		left += sizes[i].X + margin
	}
	return out, nil
}

func face(ttf []byte, size float64) (font.Face, error) {
	f, err := opentype.Parse(ttf)
	if err != nil {
		return nil, err
	}
	return opentype.NewFace(f, &opentype.FaceOptions{Size: size, DPI: 72, Hinting: font.HintingFull})
}

// write puts a line of text with its baseline at a point.
func write(img *image.RGBA, f font.Face, at image.Point, text string) {
	d := font.Drawer{Dst: img, Src: image.NewUniform(ink), Face: f, Dot: fixed.P(at.X, at.Y)}
	d.DrawString(text)
}
