package main

import (
	"context"
	"encoding/json"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// A readiness check tells why the bot is not ready, "" when it is.
type readiness struct {
	name  string
	check func(ctx context.Context) string
}

// operations serves health, readiness and metrics, and whatever routes the
// caller adds (webhooks, Slack's HTTP mode).
func operations(reg *prometheus.Registry, checks []readiness, routes map[string]http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = w.Write([]byte("ok\n"))
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) { ready(w, r, checks) })
	mux.Handle("GET /metrics", promhttp.HandlerFor(reg, promhttp.HandlerOpts{Registry: reg}))
	for pattern, h := range routes {
		mux.Handle(pattern, h)
	}
	return mux
}

// ready answers 200 when every check passes, else 503 with the reasons.
func ready(w http.ResponseWriter, r *http.Request, checks []readiness) {
	ctx, cancel := context.WithTimeout(r.Context(), 3*time.Second)
	defer cancel()
	state, code := map[string]string{}, http.StatusOK
	for _, c := range checks {
		state[c.name] = "ok"
		if why := c.check(ctx); why != "" {
			state[c.name], code = why, http.StatusServiceUnavailable
		}
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(state)
}

// listenAndServe serves h on addr until ctx ends, then lets requests finish
// for five seconds. It returns the address once it listens.
func listenAndServe(ctx context.Context, addr string, h http.Handler, log *slog.Logger) (net.Addr, func(), error) {
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, nil, err
	}
	srv := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := srv.Serve(ln); err != nil && err != http.ErrServerClosed {
			log.Error("http server ended", "addr", addr, "err", err)
		}
	}()
	stop := func() {
		shut, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		if err := srv.Shutdown(shut); err != nil {
			srv.Close()
		}
		<-done
	}
	return ln.Addr(), stop, nil
}
