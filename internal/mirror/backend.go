package mirror

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/cgi"
	"path/filepath"
	"strings"
	"time"

	"github.com/distrobot/distrobot/internal/run"
)

// HTTPBackend returns a handler that serves the bare repositories below root for
// reading, with git's own http-backend, protocol versions 0 to 2. It is for
// sample repositories and tests: it starts a process for each request.
func HTTPBackend(root string) (http.Handler, error) {
	env := run.Environ()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	result, err := run.Run(ctx, run.Command{Program: "git", Args: []string{"--exec-path"}, Env: env})
	if err != nil {
		return nil, err
	}
	root, err = filepath.Abs(root)
	if err != nil {
		return nil, err
	}
	program, err := run.LookPath(filepath.Join(strings.TrimSpace(result.Stdout), "git-http-backend"), env)
	if err != nil {
		return nil, err
	}
	path, err := run.LookPath("git", env)
	if err != nil {
		return nil, err
	}
	handler := &cgi.Handler{
		Path: program,
		Dir:  root,
		Env: append(baseConfig(),
			"PATH="+filepath.Dir(path)+":/usr/bin:/bin",
			"GIT_PROJECT_ROOT="+root,
			"GIT_HTTP_EXPORT_ALL=1",
		),
		Stderr: io.Discard,
		Logger: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError),
	}
	return readOnly(handler), nil
}

// readOnly lets through only what a fetch needs.
func readOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		get := r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/info/refs") &&
			r.URL.Query().Get("service") == "git-upload-pack"
		post := r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/git-upload-pack")
		if !get && !post {
			http.NotFound(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}
