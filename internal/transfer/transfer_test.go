package transfer

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var key = []byte(strings.Repeat("k", 32))

// offered serves one file of a place.
func offered(t *testing.T, content []byte) (Remote, Item) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "offered")
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
	s := &Server{Keys: [][]byte{key}, Log: slog.New(slog.DiscardHandler), Open: func(it Item) (*os.File, error) {
		if it.Place != "task" || it.Name != "part" {
			return nil, os.ErrNotExist
		}
		return os.Open(file)
	}}
	l, err := s.Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx, l) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	digest, _, _ := Digest(bytes.NewReader(content))
	return Remote{Address: l.Addr().String(), Print: s.Print()}, Item{Place: "task", Name: "part", Digest: digest}
}

func TestFetch(t *testing.T) {
	content := bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
	from, it := offered(t, content)
	stranger, _ := offered(t, content)
	other := it
	other.Name = "another"
	for name, c := range map[string]struct {
		from  Remote
		item  Item
		key   []byte
		bytes int
		part  []byte // what an earlier attempt left
		want  error
	}{
		"whole":                       {from: from, item: it},
		"goes on":                     {from: from, item: it, part: content[:1000]},
		"more than there is":          {from: from, item: it, part: append(bytes.Clone(content), 1)},
		"another content before":      {from: from, item: it, part: []byte("xxxx"), want: ErrContent},
		"another key":                 {from: from, item: it, key: []byte(strings.Repeat("x", 32)), want: ErrToken},
		"another certificate":         {from: Remote{Address: from.Address, Print: stranger.Print}, item: it, want: ErrStranger},
		"no such file":                {from: from, item: other, want: ErrGone},
		"another digest":              {from: from, item: Item{"task", "part", strings.Repeat("0", 64)}, want: ErrContent},
		"longer than it was promised": {from: from, item: it, bytes: 10, want: ErrContent},
	} {
		t.Run(name, func(t *testing.T) {
			w := Want{Item: c.item, Bytes: int64(len(content)), File: filepath.Join(t.TempDir(), "got")}
			if c.bytes > 0 {
				w.Bytes = int64(c.bytes)
			}
			if c.part != nil {
				if err := os.WriteFile(w.File+".part", c.part, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			client := Client{Key: key}
			if c.key != nil {
				client.Key = c.key
			}
			if err := client.Fetch(t.Context(), c.from, w); !errors.Is(err, c.want) {
				t.Fatalf("got %v, want %v", err, c.want)
			}
			got, err := os.ReadFile(w.File)
			if c.want != nil && err == nil {
				t.Error("the file is there")
			}
			if c.want == nil && !bytes.Equal(got, content) {
				t.Errorf("%d bytes, %v", len(got), err)
			}
		})
	}
}

// What an interrupted attempt got is not fetched again.
func TestFetchGoesOn(t *testing.T) {
	content := bytes.Repeat([]byte("x"), 1<<20)
	from, it := offered(t, content)
	file := filepath.Join(t.TempDir(), "got")
	if err := os.WriteFile(file+".part", content[:len(content)-10], 0o600); err != nil {
		t.Fatal(err)
	}
	req, err := Client{Key: key}.request(t.Context(), from, it, int64(len(content)-10))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := dialer(from.Print).RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if rest, _ := io.ReadAll(resp.Body); len(rest) != 10 {
		t.Errorf("%s and %d bytes", resp.Status, len(rest))
	}
}

func TestTokens(t *testing.T) {
	now, it := time.Unix(1_800_000_000, 0), Item{"task", "part", "d"}
	for name, c := range map[string]struct {
		token string
		at    time.Time
		item  Item
	}{
		"of another file":  {mint(key, Item{"task", "other", "d"}, now), now, it},
		"of another task":  {mint(key, Item{"other", "part", "d"}, now), now, it},
		"moved boundary":   {mint(key, Item{"taskp", "art", "d"}, now), now, it},
		"too old":          {mint(key, it, now.Add(-2*tokenLife)), now, it},
		"too far ahead":    {mint(key, it, now.Add(3*tokenLife)), now, it},
		"under no key":     {mint([]byte("x"), it, now), now, it},
		"empty":            {"", now, it},
		"a longer life":    {"9" + mint(key, it, now), now, it},
		"without its hash": {strings.TrimRight(mint(key, it, now), "0123456789abcdef"), now, it},
	} {
		if err := (&gate{keys: [][]byte{key}}).admit(c.token, c.item, c.at); !errors.Is(err, ErrToken) {
			t.Errorf("%s: %v", name, err)
		}
	}
	g, token := &gate{keys: [][]byte{[]byte("new"), key}}, mint(key, it, now)
	if err := g.admit(token, it, now); err != nil {
		t.Error(err)
	}
	if err := g.admit(token, it, now); !errors.Is(err, ErrToken) {
		t.Errorf("shown again: %v", err)
	}
}
