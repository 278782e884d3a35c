package fleet

import (
	"testing"
	"time"
)

func TestTellDuration(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "under a second", 900 * time.Millisecond: "under a second", 4200 * time.Millisecond: "4 s", 59*time.Second + 600*time.Millisecond: "1 min 0 s",
		time.Minute: "1 min 0 s", 200 * time.Second: "3 min 20 s", 2*time.Hour + 5*time.Minute + time.Second: "2 h 5 min",
	} {
		if got := tellDuration(d); got != want {
			t.Errorf("%v is told as %q, want %q", d, got, want)
		}
	}
}

func TestTellBar(t *testing.T) {
	for _, tt := range []struct {
		done, total int
		want        string
	}{
		{0, 0, ""}, {0, 3, "░░░ 0 of 3"}, {2, 5, "▓▓░░░ 2 of 5"}, {5, 5, "▓▓▓▓▓ 5 of 5"}, {999, 1000, "▓▓▓▓▓▓▓▓▓░ 999 of 1000"},
		{7, 5, "▓▓▓▓▓ 5 of 5"}, {-1, 2, "░░ 0 of 2"},
	} {
		if got := tellBar(tt.done, tt.total); got != tt.want {
			t.Errorf("%d of %d is %q, want %q", tt.done, tt.total, got, tt.want)
		}
	}
}

func TestTellList(t *testing.T) {
	names := []string{"a", "b", "c", "d"}
	for _, tt := range []struct {
		names []string
		most  int
		want  string
	}{
		{nil, 3, ""}, {names[:1], 3, "a"}, {names[:2], 3, "a and b"}, {names[:3], 3, "a, b and c"}, {names, 2, "a, b and 2 more"}, {names, 4, "a, b, c and d"},
	} {
		if got := tellList(tt.names, tt.most); got != tt.want {
			t.Errorf("%v is %q, want %q", tt.names, got, tt.want)
		}
	}
}

func TestTellSentence(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "Full": "Full.", "Full.": "Full.", "Why?": "Why?", "two\nlines\x00": "two lines.", "cut…": "cut…", "“x”": "“x”.",
	} {
		if got := tellSentence(in); got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
}
