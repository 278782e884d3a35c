package workspace

import (
	"embed"
	"io/fs"
	"net/http"
)

//go:embed web
var web embed.FS

// pagePolicy lets the page run only its own files, talk only to this server,
// and frame only what this machine serves (the sites of a trial).
const pagePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: https:; connect-src 'self'; " +
	"frame-src http://127.0.0.1:* http://localhost:* http://*.localhost:*; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// page serves the files of the page. They hold no secret: without the token in
// its address the page can only ask for it.
func (s *Server) page() http.Handler {
	files, err := fs.Sub(web, "web")
	if err != nil {
		panic("workspace: " + err.Error()) // the directory is embedded above
	}
	static := http.FileServerFS(files)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", pagePolicy)
		w.Header().Set("X-Frame-Options", "DENY")
		static.ServeHTTP(w, r)
	})
}
