package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/alecthomas/kong"
)

// readyCmd asks the bot or worker of this machine whether it is ready, for
// containers and load balancers that have no program to ask with.
type readyCmd struct{}

// Run prints what is not ready and ends with exit code 1 if anything is not, or
// if nobody answers at DISTROBOT_LISTEN.
func (readyCmd) Run(ctx context.Context, k *kong.Kong) error {
	cfg, err := loadConfig()
	if err != nil {
		return err
	}
	state, err := askReady(ctx, cfg.Listen)
	if err != nil {
		return &exitError{code: exitFailed, text: fmt.Sprintf("nobody answers at %s: %v", cfg.Listen, err)}
	}
	var troubles []string
	for name, why := range state {
		if why != "ok" {
			troubles = append(troubles, name+": "+why)
		}
	}
	if len(troubles) > 0 {
		slices.Sort(troubles)
		return &exitError{code: exitFailed, text: strings.Join(troubles, "\n")}
	}
	_, err = fmt.Fprintln(k.Stdout, "ready")
	return err
}

// askReady reads /readyz: each check with "ok" or what is wrong.
func askReady(ctx context.Context, listen string) (map[string]string, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+here(listen)+"/readyz", nil)
	if err != nil {
		return nil, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	state := map[string]string{}
	if err := json.NewDecoder(io.LimitReader(res.Body, 64<<10)).Decode(&state); err != nil {
		return nil, fmt.Errorf("it is no distrobot (%s)", res.Status)
	}
	return state, nil
}

// here is where this machine reaches an address that a server listens on.
func here(listen string) string {
	for _, all := range []string{"0.0.0.0", "[::]", ""} {
		if port, is := strings.CutPrefix(listen, all+":"); is {
			return "127.0.0.1:" + port
		}
	}
	return listen
}
