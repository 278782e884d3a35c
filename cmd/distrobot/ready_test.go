package main

import (
	"context"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
)

// TestAskReady asks the very handler that serve has, ready and not.
func TestAskReady(t *testing.T) {
	why := ""
	srv := httptest.NewServer(operations(prometheus.NewRegistry(), []readiness{{"slack", func(context.Context) string { return why }}}, nil))
	defer srv.Close()
	listen := strings.TrimPrefix(srv.URL, "http://")
	for _, want := range []string{"ok", "not connected to Slack"} {
		if why = want; want == "ok" {
			why = ""
		}
		state, err := askReady(t.Context(), listen)
		if err != nil || state["slack"] != want {
			t.Errorf("%v, %v, want %q", state, err, want)
		}
	}
	srv.Close()
	if _, err := askReady(t.Context(), listen); err == nil {
		t.Error("nobody answered, and that is ready")
	}
}

func TestHere(t *testing.T) {
	for listen, want := range map[string]string{
		":8750": "127.0.0.1:8750", "0.0.0.0:8750": "127.0.0.1:8750", "[::]:1": "127.0.0.1:1",
		"127.0.0.1:8750": "127.0.0.1:8750", "10.0.0.5:80": "10.0.0.5:80", "bot.internal:80": "bot.internal:80",
	} {
		if got := here(listen); got != want {
			t.Errorf("here(%q) = %q, want %q", listen, got, want)
		}
	}
}
