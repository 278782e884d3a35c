package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"
	"github.com/joho/godotenv"

	"github.com/distrobot/distrobot/fleet"
)

// Config is every setting of distrobot. Settings are environment variables,
// read also from .env in the working directory (or else from the file that the
// Debian package installed), which never overrides the real environment. .env.example documents each; a test holds the two together.
type Config struct {
	SlackBotToken      string `env:"SLACK_BOT_TOKEN"`
	SlackAppToken      string `env:"SLACK_APP_TOKEN"`
	SlackSigningSecret string `env:"SLACK_SIGNING_SECRET"`
	SlackAPIURL        string `env:"SLACK_API_URL" envDefault:"https://slack.com/api/"`

	SlackClientID     string `env:"DISTROBOT_SLACK_CLIENT_ID"`
	SlackClientSecret string `env:"DISTROBOT_SLACK_CLIENT_SECRET"`
	SlackIssuer       string `env:"DISTROBOT_SLACK_ISSUER" envDefault:"https://slack.com"`

	Sockets int      `env:"DISTROBOT_SOCKETS" envDefault:"2"`
	Proxies []string `env:"DISTROBOT_TRUSTED_PROXIES" envSeparator:","`

	RedisURL     string `env:"DISTROBOT_REDIS_URL" envDefault:"local"`
	RedisCA      string `env:"DISTROBOT_REDIS_CA"`
	RedisCert    string `env:"DISTROBOT_REDIS_CERT"`
	RedisCertKey string `env:"DISTROBOT_REDIS_CERT_KEY"`
	RedisTrusted bool   `env:"DISTROBOT_REDIS_TRUSTED"`
	Trial        bool   `env:"DISTROBOT_TRIAL"`

	Key     string   `env:"DISTROBOT_KEY"`
	KeyOld  []string `env:"DISTROBOT_KEY_OLD" envSeparator:","`
	Data    string   `env:"DISTROBOT_DATA" envDefault:"data"`
	Listen  string   `env:"DISTROBOT_LISTEN" envDefault:"127.0.0.1:8750"`
	Host    string   `env:"DISTROBOT_HOST" envDefault:"local"`
	Backend string   `env:"DISTROBOT_BACKEND" envDefault:"local"`

	Command      string        `env:"DISTROBOT_COMMAND"`
	CommandEnv   []string      `env:"DISTROBOT_COMMAND_ENV" envSeparator:","`
	CommandLimit time.Duration `env:"DISTROBOT_COMMAND_LIMIT" envDefault:"2h"`

	Aegir AegirConfig `envPrefix:"DISTROBOT_AEGIR_"`

	Admins      []string `env:"DISTROBOT_ADMINS" envSeparator:","`
	Maintainers []string `env:"DISTROBOT_MAINTAINERS" envSeparator:","`
	Channel     string   `env:"DISTROBOT_CHANNEL" envDefault:"#distrobot"`

	PollInterval time.Duration `env:"DISTROBOT_POLL_INTERVAL" envDefault:"60s"`
	AllowPrivate bool          `env:"DISTROBOT_ALLOW_PRIVATE"`
	GitHosts     []string      `env:"DISTROBOT_GIT_HOSTS" envSeparator:","`
	Credentials  []string      `env:"DISTROBOT_GIT_CREDENTIALS" envSeparator:","`
	SSHKeys      []string      `env:"DISTROBOT_SSH_KEYS" envSeparator:","`
	KnownHosts   string        `env:"DISTROBOT_KNOWN_HOSTS"`
	Share        string        `env:"DISTROBOT_SHARE" envDefault:"clone"`
	Forges       []string      `env:"DISTROBOT_FORGES" envSeparator:","`

	URL             string   `env:"DISTROBOT_URL"`
	PublicURL       string   `env:"DISTROBOT_PUBLIC_URL"`
	GitHubSecret    []string `env:"DISTROBOT_GITHUB_SECRET" envSeparator:","`
	GitLabSecret    []string `env:"DISTROBOT_GITLAB_SECRET" envSeparator:","`
	GiteaSecret     []string `env:"DISTROBOT_GITEA_SECRET" envSeparator:","`
	BitbucketSecret []string `env:"DISTROBOT_BITBUCKET_SECRET" envSeparator:","`
	HookSecret      []string `env:"DISTROBOT_HOOK_SECRET" envSeparator:","`

	Advisories        []string      `env:"DISTROBOT_ADVISORIES" envSeparator:","`
	AdvisoriesToken   string        `env:"DISTROBOT_ADVISORIES_TOKEN"`
	AdvisoriesRefresh time.Duration `env:"DISTROBOT_ADVISORIES_INTERVAL" envDefault:"6h"`

	Releases    string `env:"DISTROBOT_RELEASES" envDefault:"https://ftp.drupal.org/files/projects/{name}-{release}.tar.gz"`
	ReleasesGit string `env:"DISTROBOT_RELEASES_GIT" envDefault:"https://git.drupalcode.org/project/{name}.git"`

	Lease       time.Duration `env:"DISTROBOT_LEASE" envDefault:"15s"`
	Grace       time.Duration `env:"DISTROBOT_GRACE" envDefault:"30s"`
	TaskLimit   time.Duration `env:"DISTROBOT_TASK_LIMIT" envDefault:"48h"`
	History     time.Duration `env:"DISTROBOT_HISTORY" envDefault:"2160h"`
	Soak        time.Duration `env:"DISTROBOT_SOAK" envDefault:"21s"`
	CheckRetry  time.Duration `env:"DISTROBOT_CHECK_RETRY" envDefault:"5s"`
	Concurrency int           `env:"DISTROBOT_CONCURRENCY" envDefault:"4"`
	Builds      int           `env:"DISTROBOT_BUILDS" envDefault:"2"`
	Limits      []string      `env:"DISTROBOT_LIMITS" envSeparator:","`
	HostSilent  time.Duration `env:"DISTROBOT_HOST_SILENT" envDefault:"2m"`
	BuildUser   string        `env:"DISTROBOT_BUILD_USER" envDefault:"nobody"`
	BuildMemory int64         `env:"DISTROBOT_BUILD_MEMORY" envDefault:"4096"`
	Chromium    string        `env:"DISTROBOT_CHROMIUM"`
	// Of each process of Chromium, in MiB; and whether it keeps its own sandbox.
	ChromiumMemory  int64 `env:"DISTROBOT_CHROMIUM_MEMORY" envDefault:"2048"`
	ChromiumSandbox bool  `env:"DISTROBOT_CHROMIUM_SANDBOX" envDefault:"true"`

	Outdated    time.Duration `env:"DISTROBOT_OUTDATED_INTERVAL" envDefault:"24h"`
	SitesListen string        `env:"DISTROBOT_SITES_LISTEN"`
	MoveListen  string        `env:"DISTROBOT_MOVE_LISTEN"`
	MoveAddress string        `env:"DISTROBOT_MOVE_ADDRESS"`

	Web         string        `env:"DISTROBOT_WEB" envDefault:"builtin"`
	NginxTest   string        `env:"DISTROBOT_NGINX_TEST" envDefault:"nginx -t"`
	NginxReload string        `env:"DISTROBOT_NGINX_RELOAD" envDefault:"nginx -s reload"`
	NginxListen []string      `env:"DISTROBOT_NGINX_LISTEN" envSeparator:","`
	TLSListen   []string      `env:"DISTROBOT_TLS_LISTEN" envSeparator:","`
	Certificate string        `env:"DISTROBOT_CERTIFICATE"`
	PrivateKey  string        `env:"DISTROBOT_CERTIFICATE_KEY"`
	FPMTest     string        `env:"DISTROBOT_FPM_TEST" envDefault:"php-fpm8.2 -t"`
	FPMReload   string        `env:"DISTROBOT_FPM_RELOAD" envDefault:"systemctl reload php8.2-fpm"`
	Users       string        `env:"DISTROBOT_SITE_USERS" envDefault:"61000-64999"`
	Cron        time.Duration `env:"DISTROBOT_CRON" envDefault:"15m"`

	DB         string `env:"DISTROBOT_DB"`
	DBUser     string `env:"DISTROBOT_DB_USER" envDefault:"root"`
	DBPassword string `env:"DISTROBOT_DB_PASSWORD"`
	DBPrefix   string `env:"DISTROBOT_DB_PREFIX" envDefault:"bot_"`
	DBFrom     string `env:"DISTROBOT_DB_FROM" envDefault:"localhost"`

	LogLevel  string `env:"DISTROBOT_LOG_LEVEL" envDefault:"info"`
	LogFormat string `env:"DISTROBOT_LOG_FORMAT" envDefault:"text"`
}

// loadConfig reads .env and the environment.
func loadConfig() (Config, error) {
	if err := loadSettings(); err != nil {
		return Config{}, err
	}
	c, err := env.ParseAs[Config]()
	if err != nil {
		return Config{}, fmt.Errorf("settings: %w", err)
	}
	c.Data, err = filepath.Abs(c.Data)
	if err != nil {
		return Config{}, err
	}
	if !strings.HasSuffix(c.SlackAPIURL, "/") {
		c.SlackAPIURL += "/"
	}
	return c, nil
}

// loadSettings reads .env in the working directory, or else the file that the
// Debian package installed. People who may not read that one can still use what
// needs none of it, and are told.
func loadSettings() error {
	err := godotenv.Load()
	if err == nil {
		return nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf(".env cannot be read: %w", err)
	}
	switch err := godotenv.Load(packagedSettings); {
	case err == nil, errors.Is(err, fs.ErrNotExist):
		return nil
	case errors.Is(err, fs.ErrPermission):
		fmt.Fprintf(os.Stderr, "distrobot: you may not read %s, so its settings are not used; try it with sudo, or as a member of the group distrobot.\n", packagedSettings)
		return nil
	default:
		return fmt.Errorf("%s cannot be read: %w", packagedSettings, err)
	}
}

// limits are how many tasks of a kind are worked on at once. Looks for newer
// packages are bulk work that fetches much: one at a time. Sites leave one by one,
// too: a move waits for another host, and must not take all places of this one.
func (c Config) limits() (map[fleet.TaskKind]int, error) {
	if c.Lease <= 0 || siteLeases*c.Lease > fleet.LongestLease {
		return nil, fmt.Errorf("DISTROBOT_LEASE is %v; it must be above 0 and at most %v", c.Lease, fleet.LongestLease/siteLeases)
	}
	out, err := parseLimits(c.Limits)
	if err != nil {
		return nil, err
	}
	for kind, n := range map[fleet.TaskKind]int{fleet.TaskBuild: c.Builds, fleet.TaskOutdated: 1, fleet.TaskMove: 1} {
		if out[kind] == 0 {
			out[kind] = n
		}
	}
	return out, nil
}

// siteLeases is how many leases of a task the lease of its site's lock lasts: the
// lock is renewed with the task's, and must not be over before it.
const siteLeases = 4

// reportEvery is how often a worker reports its host: often enough that some
// lost reports do not make it silent.
func (c Config) reportEvery() time.Duration {
	return max(min(10*time.Second, c.HostSilent/6), 100*time.Millisecond)
}

// hookSecrets are the secrets of webhooks by the sort of forge, as
// watcher.NewHooks knows it; each is received at /hooks/NAME.
func (c Config) hookSecrets() map[string][]string {
	return map[string][]string{"github": c.GitHubSecret, "gitlab": c.GitLabSecret, "gitea": c.GiteaSecret,
		"bitbucket": c.BitbucketSecret, "generic": c.HookSecret}
}

// realSlack reports whether the settings lead to Slack itself.
func (c Config) realSlack() bool { return strings.Contains(c.SlackAPIURL, "//slack.com/") }

// checkServe gathers everything that keeps serve from starting, so that it is
// mended in one go.
func (c Config) checkServe() error {
	var wrong []string
	need := func(ok bool, text string) {
		if !ok {
			wrong = append(wrong, text)
		}
	}
	need(c.SlackBotToken != "", "SLACK_BOT_TOKEN is not set: install the app from slack-manifest.yaml and copy the bot token (xoxb-…).")
	need(c.SlackAppToken != "" || c.SlackSigningSecret != "",
		"Neither SLACK_APP_TOKEN (Socket Mode, xapp-…) nor SLACK_SIGNING_SECRET (HTTP mode) is set.")
	need(c.Sockets >= 1 && c.Sockets <= 10, "DISTROBOT_SOCKETS is not a number from 1 to 10.")
	_, err := parseProxies(c.Proxies)
	need(err == nil, fmt.Sprint(err))
	need(!c.realSlack() || len(c.Admins) > 0,
		"DISTROBOT_ADMINS is not set: name at least one Slack user id or group who may administer the bot.")
	need(len(c.Key) >= 32 || c.RedisURL == "memory" || c.RedisURL == "local",
		"DISTROBOT_KEY is not set or shorter than 32 characters; it signs what authorises. Make one with: openssl rand -hex 32")
	need(c.RedisURL != "memory" || c.Trial, "DISTROBOT_REDIS_URL=memory keeps nothing: use local or a server, or set DISTROBOT_TRIAL=true if everything may be lost.")
	need(c.PublicURL == "" || strings.HasPrefix(c.PublicURL, "https://") || strings.HasPrefix(c.PublicURL, "http://"),
		"DISTROBOT_PUBLIC_URL is not the address of a page: write it like https://distrobot.example.org.")
	need((c.SlackClientID == "") == (c.SlackClientSecret == ""), "DISTROBOT_SLACK_CLIENT_ID and DISTROBOT_SLACK_CLIENT_SECRET belong together: copy both from the app's basic information, or neither.")
	if len(wrong) == 0 {
		return nil
	}
	return errors.New(strings.Join(wrong, "\n"))
}

// secretKey gives the signing key: the setting, or for data that stays on this
// machine a key kept in the data directory with mode 0600.
func (c Config) secretKey() ([]byte, error) {
	if c.Key != "" && len(c.Key) < 32 {
		return nil, errors.New("DISTROBOT_KEY is shorter than 32 characters; it signs what authorises. Make one with: openssl rand -hex 32")
	}
	if c.Key != "" {
		return []byte(c.Key), nil
	}
	return fileKey(filepath.Join(c.Data, "key"))
}

// oldKeys are the former (or coming) keys that are accepted for reading.
func (c Config) oldKeys() ([][]byte, error) {
	var out [][]byte
	for _, k := range c.KeyOld {
		if k = strings.TrimSpace(k); len(k) < 32 {
			return nil, errors.New("DISTROBOT_KEY_OLD names a key that is shorter than 32 characters")
		}
		out = append(out, []byte(k))
	}
	return out, nil
}

// socketPath is where a running try or serve listens for `do`.
func (c Config) socketPath() string { return filepath.Join(c.Data, "distrobot.sock") }

// ensureData makes the data directory.
func (c Config) ensureData() error {
	if err := os.MkdirAll(c.Data, 0o750); err != nil {
		return fmt.Errorf("the data directory cannot be made: %w", err)
	}
	return nil
}
