package chart

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"

	"github.com/wcharczuk/go-chart/v2/drawing"
)

// paletted encodes a picture with the colours that a chart has and their way to
// white.
func paletted(img image.Image) ([]byte, error) {
	colours := color.Palette{color.White}
	of := []drawing.Color{ink, drawing.ColorFromHex("9aa0a6"), drawing.ColorFromHex("e0e0e0")}
	for _, l := range looks {
		of = append(of, l.StrokeColor)
	}
	for _, c := range of {
		for s := range 16 {
			colours = append(colours, shade(c, s))
		}
	}
	out := image.NewPaletted(img.Bounds(), colours)
	draw.Draw(out, out.Bounds(), img, img.Bounds().Min, draw.Src)
	var b bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&b, out); err != nil {
		return nil, fmt.Errorf("chart: %w", err)
	}
	return b.Bytes(), nil
}
