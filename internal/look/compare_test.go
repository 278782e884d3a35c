package look_test

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"github.com/distrobot/distrobot/internal/look"
)

var (
	white = color.RGBA{0xff, 0xff, 0xff, 0xff}
	blue  = color.RGBA{0x20, 0x40, 0xc0, 0xff}
)

// drawn is a white picture with blue boxes.
func drawn(width, height int, boxes ...image.Rectangle) look.Picture {
	img := image.NewRGBA(image.Rect(0, 0, width, height))
	draw.Draw(img, img.Bounds(), image.NewUniform(white), image.Point{}, draw.Src)
	for _, b := range boxes {
		draw.Draw(img, b, image.NewUniform(blue), image.Point{}, draw.Src)
	}
	return look.Picture{Image: img}
}

func TestCompare(t *testing.T) {
	box := image.Rect(32, 32, 96, 96)
	faint := drawn(160, 160, box)
	draw.Draw(faint.Image, box, image.NewUniform(color.RGBA{0x22, 0x42, 0xc2, 0xff}), image.Point{}, draw.Src)
	masked := drawn(160, 160, box)
	masked.Masked = []image.Rectangle{image.Rect(32, 32, 112, 96)}
	for name, tt := range map[string]struct {
		before, after look.Picture
		want          float64
	}{
		"same":            {drawn(160, 160, box), drawn(160, 160, box), 0},
		"faint":           {drawn(160, 160, box), faint, 0},
		"moved by a tile": {drawn(160, 160, box), drawn(160, 160, box.Add(image.Pt(16, 0))), 0.08},
		"gone":            {drawn(160, 160, box), drawn(160, 160), 0.16},
		"one pixel":       {drawn(160, 160), drawn(160, 160, image.Rect(5, 5, 6, 6)), 0},
		"masked":          {masked, drawn(160, 160, box.Add(image.Pt(16, 0))), 0},
		"longer":          {drawn(160, 160), drawn(160, 320), 0.5},
		"shorter":         {drawn(160, 320), drawn(160, 160), 0.5},
	} {
		t.Run(name, func(t *testing.T) {
			d := look.Compare(tt.before, tt.after)
			if d.Share < tt.want-1e-9 || d.Share > tt.want+1e-9 {
				t.Errorf("%v differs, want %v", d.Share, tt.want)
			}
			if d.Image.Bounds() != tt.before.Image.Bounds().Union(tt.after.Image.Bounds()) {
				t.Errorf("drawn as %v", d.Image.Bounds())
			}
		})
	}
}

// TestSheet draws a sheet, which fits into what it may have, whatever is on it.
func TestSheet(t *testing.T) {
	noise := image.NewRGBA(image.Rect(0, 0, 1280, 2000))
	for i := range noise.Pix {
		noise.Pix[i] = byte(i * i >> 3)
		if i%4 == 3 {
			noise.Pix[i] = 0xff
		}
	}
	small := drawn(390, 600, image.Rect(20, 20, 200, 120))
	moved := drawn(390, 600, image.Rect(20, 60, 200, 160))
	d := look.Compare(small, moved)
	s := look.Sheet{Title: "shop.example  /  ·  390 px", Note: "7 % of its area differs; a person is asked above 1 %; nothing is this page's noise.", Panels: []look.Panel{
		{Label: "before: shop-1.0", Image: small.Image}, {Label: "after: shop-1.1", Image: moved.Image}, {Label: "what differs", Image: d.Image}}}
	b, err := s.PNG(700_000)
	if err != nil {
		t.Fatal(err)
	}
	if dir := os.Getenv("DISTROBOT_ARTIFACTS"); dir != "" {
		_ = os.MkdirAll(filepath.Join(dir, "looks"), 0o755)
		_ = os.WriteFile(filepath.Join(dir, "looks", "sheet.png"), b, 0o644)
	}
	img, err := look.DecodePNG(b, 4000, 4000)
	if err != nil || img.Bounds().Dx() != 4*24+3*390 {
		t.Fatalf("it is %v, %v", img.Bounds(), err)
	}
	for x, want := range map[int]color.RGBA{24 + 50: blue, 48 + 390 + 50: white, 72 + 2*390 + 50: {0xff, 0, 0, 0xff}} {
		if got := img.RGBAAt(x, 84+32+30); got != want {
			t.Errorf("at %d: %v, want %v", x, got, want)
		}
	}
	s.Panels = []look.Panel{{Image: noise}, {Image: noise}, {Image: noise}}
	for _, limit := range []int{700_000, 100_000} {
		if b, err := s.PNG(limit); err != nil || len(b) > limit {
			t.Errorf("%d bytes of %d: %v", len(b), limit, err)
		}
	}
	if _, err := s.PNG(10); err == nil {
		t.Error("it fits into ten bytes")
	}
}

// FuzzDecodePNG gives the decoder whatever a browser may hand over: no picture is
// larger than asked for, none is kept that cannot be drawn.
func FuzzDecodePNG(f *testing.F) {
	var b bytes.Buffer
	if err := png.Encode(&b, drawn(20, 10).Image); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Add(b.Bytes()[:40])
	f.Add([]byte("\x89PNG\r\n\x1a\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		img, err := look.DecodePNG(data, 64, 64)
		if err != nil {
			return
		}
		if r := img.Bounds(); r.Empty() || r.Dx() > 64 || r.Dy() > 64 || r.Min != (image.Point{}) {
			t.Fatalf("it is %v", r)
		}
		if got := look.Compare(look.Picture{Image: img}, look.Picture{Image: img}).Share; got != 0 {
			t.Fatalf("it differs from itself by %v", got)
		}
	})
}
