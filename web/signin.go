package web

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/distrobot/distrobot/fleet"
)

// SlackIssuer is who signs what Slack says of people (Sign in with Slack, which is
// OpenID Connect: docs.slack.dev/authentication/sign-in-with-slack).
const SlackIssuer = "https://slack.com"

// A SignIn lets people in who prove to Slack who they are. What Slack says is
// believed only if it is signed for this app (the audience) by a key that the
// issuer publishes, is fresh, answers this browser's own question (state and
// nonce), and is about a member of the workspace that the bot is in.
type SignIn struct {
	ID, Secret string // of the Slack app
	Issuer     string // "" means SlackIssuer
	Team       func() string
	Now        func() time.Time

	mu       sync.Mutex
	provider *oidc.Provider // found at the first use
}

// stateLife is how long signing in may take.
const stateLife = 10 * time.Minute

// askTime bounds each question to Slack.
const askTime = 10 * time.Second

// A question is what a browser keeps of a sign-in that it has begun.
type question struct {
	State string    `json:"s"`
	Nonce string    `json:"n"`
	Until time.Time `json:"u"`
}

// begin gives the address at Slack to go to, and what the browser keeps.
func (s *SignIn) begin(ctx context.Context, p *fleet.Pages) (address, keep string, err error) {
	conf, _, err := s.config(ctx, p)
	if err != nil {
		return "", "", fleet.Errorf(fleet.Later, "Slack could not be reached to sign you in.").WithHint("Try again in a minute, or ask for a link of your own: %s page", fleet.Slash).Because(err)
	}
	q := question{State: rand.Text(), Nonce: rand.Text(), Until: s.now().Add(stateLife)}
	keep, err = p.Seal("sign-in", q)
	if err != nil {
		return "", "", err
	}
	opts := []oauth2.AuthCodeOption{oidc.Nonce(q.Nonce)}
	if team := s.team(); team != "" {
		opts = append(opts, oauth2.SetAuthURLParam("team", team))
	}
	return conf.AuthCodeURL(q.State, opts...), keep, nil
}

// end takes what Slack answered and says who it is. Errors for people are of code
// Forbidden; others are faults on the way to Slack.
func (s *SignIn) end(ctx context.Context, answer url.Values, keep string, p *fleet.Pages) (fleet.Actor, error) {
	var q question
	if err := p.Unseal("sign-in", keep, &q); err != nil || q.State == "" || answer.Get("state") != q.State || !s.now().Before(q.Until) {
		return fleet.Actor{}, fleet.Errorf(fleet.Forbidden, "This answer does not belong to a sign-in that this browser has begun.").WithHint("Sign in again.")
	}
	if answer.Get("error") != "" || answer.Get("code") == "" {
		return fleet.Actor{}, fleet.Errorf(fleet.Forbidden, "Slack did not sign you in: %s.", fleet.Clean(orWord(answer.Get("error"), "it gave no code"), 60)).WithHint("Sign in again.")
	}
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	conf, provider, err := s.config(ctx, p)
	if err != nil {
		return fleet.Actor{}, err
	}
	token, err := conf.Exchange(ctx, answer.Get("code"))
	if err != nil {
		return fleet.Actor{}, fmt.Errorf("exchange the code of a sign-in: %w", err)
	}
	raw, _ := token.Extra("id_token").(string)
	id, err := provider.Verifier(&oidc.Config{ClientID: s.ID, Now: s.now, SupportedSigningAlgs: []string{oidc.RS256}}).Verify(ctx, raw)
	if err != nil || id.Nonce != q.Nonce {
		return fleet.Actor{}, fleet.Errorf(fleet.Forbidden, "What Slack said of you is not signed as it must be.").WithHint("Sign in again.").Because(err)
	}
	return s.actor(id)
}

// actor reads who a token is about.
func (s *SignIn) actor(id *oidc.IDToken) (fleet.Actor, error) {
	var claims struct {
		User string `json:"https://slack.com/user_id"`
		Team string `json:"https://slack.com/team_id"`
		Name string `json:"name"`
	}
	if err := id.Claims(&claims); err != nil {
		return fleet.Actor{}, fmt.Errorf("claims of a sign-in: %w", err)
	}
	if claims.User == "" || claims.Team == "" || claims.Team != s.team() {
		return fleet.Actor{}, fleet.Errorf(fleet.Forbidden, "You are signed in to another workspace than the bot's.").WithHint("Choose the right one at Slack and sign in again.")
	}
	return fleet.Actor{ID: fleet.Clean(claims.User, 40), Team: claims.Team, Name: fleet.Clean(claims.Name, 80)}, nil
}

// config asks the issuer once where its doors are.
func (s *SignIn) config(ctx context.Context, p *fleet.Pages) (*oauth2.Config, *oidc.Provider, error) {
	provider, err := s.find(ctx)
	if err != nil {
		return nil, nil, err
	}
	door := provider.Endpoint()
	door.AuthStyle = oauth2.AuthStyleInParams // as Slack documents it; guessing would use up the code
	return &oauth2.Config{ClientID: s.ID, ClientSecret: s.Secret, Endpoint: door, Scopes: []string{oidc.ScopeOpenID, "profile"},
		RedirectURL: strings.TrimSuffix(p.URL, "/") + fleet.PagePath + "sign-in/back"}, provider, nil
}

// find reads the issuer's own description, once. Its keys are fetched later, by
// the provider itself, so it must not hold on to the context of one request.
func (s *SignIn) find(ctx context.Context) (*oidc.Provider, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.provider != nil {
		return s.provider, nil
	}
	client := &http.Client{Timeout: askTime}
	p, err := oidc.NewProvider(oidc.ClientContext(context.WithoutCancel(ctx), client), orWord(s.Issuer, SlackIssuer))
	if err != nil {
		return nil, fmt.Errorf("find the issuer of sign-ins: %w", err)
	}
	s.provider = p
	return p, nil
}

func (s *SignIn) team() string {
	if s.Team == nil {
		return ""
	}
	return s.Team()
}

func (s *SignIn) now() time.Time {
	if s.Now == nil {
		return time.Now()
	}
	return s.Now()
}

func orWord(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
