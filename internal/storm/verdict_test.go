package storm_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/distrobot/distrobot/internal/storm"
	"github.com/distrobot/distrobot/store/storetest"
)

// What a storm may leave in a site's trace, and what it may not.
func TestOneAtATime(t *testing.T) {
	for _, c := range []struct {
		name, trace string
		begun       int
		ok          bool
	}{
		{"nothing", "", 0, true},
		{"two moves", "begin 1,end 1,begin 2,end 2", 2, true},
		{"killed and begun again", "begin 1,begin 2,end 2", 2, true},
		{"killed twice", "begin 1,begin 2,begin 3,end 3", 3, true},
		{"a process that was taken for dead goes on", "begin 1,begin 2,end 1,end 2", 2, false},
		{"and ends later", "begin 1,begin 2,end 2,end 1", 2, false},
		{"an end without a begin", "end 1", 0, false},
	} {
		got, err := storm.OneAtATime(strings.ReplaceAll(c.trace, ",", "\n"))
		if (err == nil) != c.ok || c.ok && got != c.begun {
			t.Errorf("%s: %d, %v", c.name, got, err)
		}
	}
}

// A machine that nothing happened to is well; one whose data has an effect twice,
// or not at all, is not.
func TestVerifyFindsWhatIsWrong(t *testing.T) {
	set := storm.Settings{Redis: storetest.Start(t).URL(), Data: t.TempDir(), Host: "storm", Lease: time.Minute}
	t.Cleanup(func() { makeWritable(set.Data) })
	m, err := storm.Open(t.Context(), set, 2)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if n, err := m.Verify(t.Context()); n != 0 || err != nil {
		t.Fatalf("before anything happened: %d, %v", n, err)
	}
	for _, c := range []struct{ file, text string }{
		{"live/versioned/data/log", "made\nblue 2\n"}, {"live/versioned/data/log", ""}, {"shared/files/trace", "begin 1\nbegin 2\nend 1\n"},
	} {
		path := filepath.Join(set.Data, "sites", "site001.storm.example", c.file)
		was, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(c.text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := m.Verify(t.Context()); err == nil || strings.Contains(err.Error(), "site000") || !strings.Contains(err.Error(), "site001") {
			t.Errorf("with %q in %s: %v", c.text, c.file, err)
		}
		if err := os.WriteFile(path, was, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
