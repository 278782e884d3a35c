package main

import (
	"encoding"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"github.com/distrobot/distrobot/fleet"
)

// newLogger makes the process's logger from the settings; an unknown level is
// info. No secret gets into it: neither those of the settings nor what looks
// like one.
func newLogger(w io.Writer, level, format string, secrets ...string) *slog.Logger {
	var l slog.Level
	if err := l.UnmarshalText([]byte(level)); err != nil {
		l = slog.LevelInfo
	}
	r := fleet.NewRedactor(secrets...)
	opts := &slog.HandlerOptions{Level: l, ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr { return withoutSecrets(r, a) }}
	if format == "json" {
		return slog.New(slog.NewJSONHandler(w, opts))
	}
	return slog.New(slog.NewTextHandler(w, opts))
}

// withoutSecrets removes secrets from an attribute. Values of other types than
// text are looked at as they would be printed.
func withoutSecrets(r fleet.Redactor, a slog.Attr) slog.Attr {
	switch a.Value.Kind() {
	case slog.KindString:
		a.Value = slog.StringValue(r.Redact(a.Value.String()))
	case slog.KindAny:
		said := ""
		switch v := a.Value.Any().(type) {
		case nil, slog.Level:
			return a
		case error:
			a.Value = slog.StringValue(r.Redact(v.Error()))
			return a
		case encoding.TextMarshaler:
			b, _ := v.MarshalText() // the handler says if it cannot
			said = string(b)
		default:
			said = fmt.Sprintf("%+v", v)
		}
		if out := r.Redact(said); out != said {
			a.Value = slog.StringValue(out)
		}
	}
	return a
}

// secrets are the values of the settings that must not be seen anywhere.
func (c Config) secrets() []string {
	out := []string{c.SlackBotToken, c.SlackAppToken, c.SlackSigningSecret, c.SlackClientSecret, c.Key, c.DBPassword, c.AdvisoriesToken}
	out = append(out, c.KeyOld...)
	for _, list := range c.hookSecrets() {
		out = append(out, list...)
	}
	for _, cred := range c.Credentials { // host=user:password
		_, secret, _ := strings.Cut(cred, "=")
		_, password, _ := strings.Cut(secret, ":")
		out = append(out, secret, password)
	}
	return out
}
