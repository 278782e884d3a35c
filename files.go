// Package distrobot carries the files at the root of the repository that the
// program hands to people: the manifest of the Slack app, the documented settings,
// and the documented file of a distribution. They stay where people look for them, and `distrobot init` needs no
// copy of the repository.
package distrobot

import _ "embed"

// Manifest is slack-manifest.yaml, from which a Slack app is made.
//
//go:embed slack-manifest.yaml
var Manifest string

// Settings is .env.example: every setting with its default and what it means.
//
//go:embed .env.example
var Settings string

// Site is docs/distrobot.yml: every key that a distribution's own file may have.
//
//go:embed docs/distrobot.yml
var Site string
