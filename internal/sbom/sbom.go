// Package sbom writes the bill of materials of a Go program: which modules, in
// which versions and with which checksums, are in the binary itself. It reads
// what the Go linker put there, so it lists what is shipped and nothing else.
package sbom

import (
	"debug/buildinfo"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"runtime/debug"
	"strings"

	"github.com/CycloneDX/cyclonedx-go"
)

// Write puts the bill of the program in file to w, as CycloneDX 1.6 in JSON. The
// same program gives the same bytes: no serial number and no time are written.
func Write(w io.Writer, file string) error {
	info, err := buildinfo.ReadFile(file)
	if err != nil {
		return fmt.Errorf("read the modules of %s: %w", file, err)
	}
	bom := cyclonedx.NewBOM()
	main := component(&info.Main, cyclonedx.ComponentTypeApplication)
	bom.Metadata = &cyclonedx.Metadata{Component: &main}
	components := []cyclonedx.Component{{Type: cyclonedx.ComponentTypeLibrary, Name: "std", Version: info.GoVersion,
		BOMRef: "pkg:golang/std@" + goVersion(info.GoVersion), PackageURL: "pkg:golang/std@" + goVersion(info.GoVersion)}}
	for _, m := range info.Deps {
		for m.Replace != nil {
			m = m.Replace
		}
		components = append(components, component(m, cyclonedx.ComponentTypeLibrary))
	}
	bom.Components = &components
	enc := cyclonedx.NewBOMEncoder(w, cyclonedx.BOMFileFormatJSON)
	enc.SetPretty(true)
	return enc.EncodeVersion(bom, cyclonedx.SpecVersion1_6)
}

// goVersion is a Go version as package URLs have it: without "go".
func goVersion(v string) string { return strings.TrimPrefix(v, "go") }

func component(m *debug.Module, kind cyclonedx.ComponentType) cyclonedx.Component {
	url := "pkg:golang/" + m.Path + "@" + m.Version
	c := cyclonedx.Component{Type: kind, Name: m.Path, Version: m.Version, BOMRef: url, PackageURL: url}
	// go.sum's h1: is a SHA-256 over the module's list of files and their hashes.
	if sum, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(m.Sum, "h1:")); err == nil && len(sum) == 32 {
		c.Hashes = &[]cyclonedx.Hash{{Algorithm: cyclonedx.HashAlgoSHA256, Value: hex.EncodeToString(sum)}}
	}
	return c
}
