package main

import (
	"context"
	"os"
	"time"
)

// checkSites checks the web server and the database server of sites, as far as
// the settings name them.
func checkSites(ctx context.Context, cfg Config) []finding {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	return append(checkFront(ctx, cfg), checkDatabase(ctx, cfg)...)
}

func checkFront(ctx context.Context, cfg Config) []finding {
	f, err := cfg.front()
	switch {
	case err != nil:
		return []finding{broken("web", err.Error(), "correct it in .env")}
	case cfg.Web == "none":
		return []finding{fine("web", "your own virtual hosts are asked at "+cfg.ownServer()+"; the gate for their pools is in "+cfg.Data+"/web")}
	case f == nil:
		return []finding{fine("web", "the built-in server serves files and CGI; PHP applications need DISTROBOT_WEB=nginx")}
	}
	var out []finding
	for _, problem := range f.Problems(ctx) {
		out = append(out, broken("web", problem, ""))
	}
	if len(out) == 0 {
		out = append(out, fine("web", "nginx and PHP-FPM take our configuration"))
	}
	if os.Geteuid() != 0 {
		out = append(out, warning("users", "distrobot is not root: all sites run as one user", "run the worker as root to give each site a user of its own"))
	}
	return out
}

func checkDatabase(ctx context.Context, cfg Config) []finding {
	s, end, err := cfg.server()
	switch {
	case err != nil:
		return []finding{broken("database", err.Error(), "correct it in .env")}
	case s == nil:
		return []finding{fine("database", "none is set: sites with a database need DISTROBOT_DB")}
	}
	defer end()
	if _, err := s.Databases(ctx, cfg.DBPrefix); err != nil {
		return []finding{broken("database", "the server at "+cfg.DB+" cannot be used: "+err.Error(), "check DISTROBOT_DB_USER and DISTROBOT_DB_PASSWORD; the account must be able to create databases and accounts")}
	}
	return []finding{fine("database", "the server at "+cfg.DB+" answers")}
}
