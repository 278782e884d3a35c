package main

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// TestLogsHoldNoSecrets: neither a setting nor what looks like a secret gets into
// the log, as text, as an error, within a value or in the message itself.
func TestLogsHoldNoSecrets(t *testing.T) {
	token := "xo" + "xb-" + "123456789012-abcdefABCDEF"
	setting := "a plain passphrase"
	for _, format := range []string{"text", "json"} {
		var b bytes.Buffer
		log := newLogger(&b, "debug", format, setting).With("kept", token)
		log.Error("with "+token, "err", fmt.Errorf("dial redis://u:hunter2222@h: %w", errors.New(setting)),
			"list", []string{"a", token}, "text", "password="+setting, "hash", strings.Repeat("0a", 20), "n", 7)
		got := b.String()
		for _, secret := range []string{token, setting, "hunter2222"} {
			if strings.Contains(got, secret) {
				t.Errorf("%s: %q is in %s", format, secret, got)
			}
		}
		if !strings.Contains(got, strings.Repeat("0a", 20)) || !strings.Contains(got, "redis://u:[redacted]@h") {
			t.Errorf("%s: too much was removed: %s", format, got)
		}
	}
}
