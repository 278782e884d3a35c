package unpack_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting/source/unpack"
	"github.com/distrobot/distrobot/internal/run"
)

// tarOf writes entries as they are, however wrong.
func tarOf(t testing.TB, entries ...tar.Header) []byte {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, h := range entries {
		body := strings.Repeat("0", int(h.Size))
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, body); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func gzipped(t testing.TB, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// by packs b with a program.
func by(t testing.TB, program string, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	c := run.Command{Program: program, Args: []string{"--stdout"}, Env: run.Environ(), Stdin: bytes.NewReader(b), Stdout: &out}
	if _, err := run.Run(t.Context(), c); err != nil {
		t.Fatalf("the test needs %s: %v", program, err)
	}
	return out.Bytes()
}

func zipOf(t testing.TB, entries ...zip.FileHeader) []byte {
	t.Helper()
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, h := range entries {
		body := h.Comment // only a place to hand it over
		h.Method, h.Comment = zip.Deflate, ""
		w, err := z.CreateHeader(&h)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, body); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func into(t testing.TB, b []byte, l unpack.Limits) (string, error) {
	t.Helper()
	name, dir := filepath.Join(t.TempDir(), "archive"), t.TempDir()
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	return dir, unpack.Into(t.Context(), f, dir, l)
}

func TestAllForms(t *testing.T) {
	plain := tarOf(t, tar.Header{Name: "top/", Typeflag: tar.TypeDir, Mode: 0o700}, tar.Header{Name: "./top/a/run.sh", Size: 3, Mode: 0o750}, tar.Header{Name: "top/b", Size: 1, Mode: 0o4666})
	packed := zipOf(t, zip.FileHeader{Name: "top/"}, func() zip.FileHeader {
		h := zip.FileHeader{Name: "top/a/run.sh", Comment: "000"}
		h.SetMode(0o755)
		return h
	}(), zip.FileHeader{Name: "top/b", Comment: "0"})
	for name, b := range map[string][]byte{"tar": plain, "tar.gz": gzipped(t, plain), "tar.bz2": by(t, "bzip2", plain), "tar.xz": by(t, "xz", plain), "zip": packed} {
		dir, err := into(t, b, unpack.Limits{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for file, mode := range map[string]fs.FileMode{"top": fs.ModeDir | 0o755, "top/a/run.sh": 0o755, "top/b": 0o644} {
			info, err := os.Lstat(filepath.Join(dir, file))
			if name == "tar" && file == "top/b" && err == nil {
				mode = 0o644 // set-user-id is not taken over
			}
			if err != nil || info.Mode() != mode {
				t.Errorf("%s: %s has mode %v, want %v (%v)", name, file, info, mode, err)
			}
		}
	}
	if _, err := into(t, []byte("console.log(1)"), unpack.Limits{}); !errors.Is(err, unpack.ErrNotArchive) {
		t.Errorf("a script gives %v", err)
	}
}

func TestHostileArchives(t *testing.T) {
	file := func(name string) tar.Header { return tar.Header{Name: name, Size: 1, Mode: 0o644} }
	link := zip.FileHeader{Name: "l", Comment: "/etc/passwd"}
	link.SetMode(fs.ModeSymlink | 0o777)
	many := make([]tar.Header, 20)
	for i := range many {
		many[i] = file(fmt.Sprint(i))
	}
	tests := []struct {
		name, words string
		b           []byte
		limits      unpack.Limits
	}{
		{"climbs", "no archive may have", tarOf(t, file("../x")), unpack.Limits{}},
		{"climbs inside", "no archive may have", tarOf(t, file("a/../../x")), unpack.Limits{}},
		{"absolute", "no archive may have", tarOf(t, file("/etc/x")), unpack.Limits{}},
		{"history", "no archive may have", tarOf(t, file("a/.Git/hooks/x")), unpack.Limits{}},
		{"backslash", "no archive may have", tarOf(t, file(`a\..\x`)), unpack.Limits{}},
		{"control", "no archive may have", tarOf(t, file("a\nb")), unpack.Limits{}},
		{"deep", "no archive may have", tarOf(t, file(strings.Repeat("a/", 70)+"x")), unpack.Limits{}},
		{"symbolic link", "holds a link", tarOf(t, tar.Header{Name: "l", Linkname: "/etc", Typeflag: tar.TypeSymlink}), unpack.Limits{}},
		{"hard link", "holds a link", tarOf(t, tar.Header{Name: "l", Linkname: "/etc/passwd", Typeflag: tar.TypeLink}), unpack.Limits{}},
		{"device", "neither a file nor", tarOf(t, tar.Header{Name: "d", Typeflag: tar.TypeChar, Devmajor: 1, Devminor: 3}), unpack.Limits{}},
		{"pipe", "neither a file nor", tarOf(t, tar.Header{Name: "p", Typeflag: tar.TypeFifo}), unpack.Limits{}},
		{"twice", "twice", tarOf(t, file("a"), file("./a")), unpack.Limits{}},
		{"file and directory", "both as a file and as a directory", tarOf(t, file("a"), file("a/b")), unpack.Limits{}},
		{"too many", "more than 10 files", tarOf(t, many...), unpack.Limits{Files: 10}},
		{"too large", "more than 1 MiB", tarOf(t, tar.Header{Name: "a", Size: 2 << 20}), unpack.Limits{Bytes: 1 << 20}},
		{"bomb", "more than 200 times its size", gzipped(t, tarOf(t, tar.Header{Name: "a", Size: 20 << 20})), unpack.Limits{}},
		{"empty", "is empty", gzipped(t, tarOf(t)), unpack.Limits{}},
		{"cut short", "is damaged", gzipped(t, tarOf(t, tar.Header{Name: "a", Size: 5000}))[:60], unpack.Limits{}},
		{"zip climbs", "no archive may have", zipOf(t, zip.FileHeader{Name: "../x", Comment: "x"}), unpack.Limits{}},
		{"zip link", "holds a link", zipOf(t, link), unpack.Limits{}},
		{"zip bomb", "more than 200 times its size", zipOf(t, zip.FileHeader{Name: "a", Comment: strings.Repeat("0", 20<<20)}), unpack.Limits{}},
		{"zip too many", "more than 1 files", zipOf(t, zip.FileHeader{Name: "a"}, zip.FileHeader{Name: "b"}), unpack.Limits{Files: 1}},
		{"xz cut short", "is damaged", by(t, "xz", tarOf(t, tar.Header{Name: "a", Size: 50000}))[:90], unpack.Limits{}},
		{"zip cut short", "is damaged", zipOf(t, zip.FileHeader{Name: "a", Comment: "x"})[:40], unpack.Limits{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir, err := into(t, tt.b, tt.limits)
			if fleet.CodeOf(err) == "" || !strings.Contains(err.Error(), tt.words) {
				t.Errorf("error %v, want %q", err, tt.words)
			}
			if _, err := os.Lstat(filepath.Join(filepath.Dir(dir), "x")); !os.IsNotExist(err) {
				t.Error("something was written outside")
			}
		})
	}
}

func TestStops(t *testing.T) {
	name := filepath.Join(t.TempDir(), "a.tar")
	if err := os.WriteFile(name, tarOf(t, tar.Header{Name: "a", Size: 1}), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := unpack.Into(ctx, f, t.TempDir(), unpack.Limits{}); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled build gives %v", err)
	}
}

func FuzzInto(f *testing.F) {
	f.Add(tarOf(f, tar.Header{Name: "top/a", Size: 3, Mode: 0o644}))
	f.Add(gzipped(f, tarOf(f, tar.Header{Name: "../a", Size: 3})))
	f.Add(zipOf(f, zip.FileHeader{Name: "a/b", Comment: "x"}))
	f.Fuzz(func(t *testing.T, b []byte) {
		dir, err := into(t, b, unpack.Limits{Bytes: 1 << 20, Files: 100})
		if err != nil && fleet.CodeOf(err) == "" && !errors.Is(err, unpack.ErrNotArchive) {
			t.Errorf("an error without words: %v", err)
		}
		if entries, err := os.ReadDir(filepath.Dir(dir)); err != nil || len(entries) > 3 {
			t.Errorf("something was written outside: %v %v", entries, err)
		}
	})
}
