package fleet_test

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/distrobot/distrobot/fleet"
)

// The secrets of this file are made up and put together from pieces, so that no
// scanner of repositories takes them for real ones.
func pieces(p ...string) string { return strings.Join(p, "") }

var (
	slackBot   = pieces("xo", "xb-", "12345678901-1234567890123-", "AbCdEfGhIjKlMnOpQrStUvWx")
	slackApp   = pieces("xa", "pp-", "1-A0123456789-1234567890123-", strings.Repeat("0a1b2c3d", 8))
	slackTurn  = pieces("xo", "xe.xo", "xp-1-", "Mi0yLTEyMzQ1Njc4OTAx")
	hookURL    = pieces("https://hooks.slack.com/", "services/T00000000/B00000000/", "XXXXyyyyXXXXyyyyXXXXyyyy")
	github     = pieces("gh", "p_", "16C7e42F292c6912E7710c838347Ae178B4a")
	githubFine = pieces("github", "_pat_", "11ABCDEFG0abcdefghijkl_", strings.Repeat("Ab1", 19))
	gitlab     = pieces("gl", "pat-", "Zx9_yW8vU7tS6rQ5pO4n")
	aws        = pieces("AK", "IA", "IOSFODNN7EXAMPLE")
	awsSecret  = pieces("wJalrXUtnFEMI/", "K7MDENG/", "bPxRfiCYEXAMPLEKEY")
	basic      = base64.StdEncoding.EncodeToString([]byte("deploy:correct-horse"))
	jwt        = pieces("ey", "JhbGciOiJIUzI1NiJ9.", "ey", "JzdWIiOiIxMjM0NTY3ODkwIn0.", "dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U")
	npm        = pieces("np", "m_", strings.Repeat("aB3", 12))
	stripe     = pieces("sk", "_live_", "4eC39HqLyjWDarjtT1zdp7dc")
	pem        = pieces("-----BEGIN RSA ", "PRIVATE KEY-----\n", strings.Repeat("MIIEowIBAAKCAQEAx0\n", 4), "-----END RSA ", "PRIVATE KEY-----")
	pgp        = pieces("-----BEGIN PGP ", "PRIVATE KEY BLOCK-----\n\n", "lQOYBF0x\n=AbCd\n", "-----END PGP ", "PRIVATE KEY BLOCK-----")
	password   = pieces("S3cr", "et-", "hunter2")
)

func TestSecretsAreRemoved(t *testing.T) {
	for name, tt := range map[string]struct{ text, secret, want string }{
		"slack bot":        {"token " + slackBot + " refused", slackBot, "token [redacted] refused"},
		"slack app":        {"SLACK_APP_TOKEN=" + slackApp, slackApp, "SLACK_APP_TOKEN=[redacted]"},
		"slack rotated":    {slackTurn, slackTurn, "[redacted]"},
		"slack webhook":    {"post to " + hookURL, "XXXXyyyy", "post to https://hooks.slack.com/services/[redacted]"},
		"github":           {"git clone https://x:" + github + "@github.com/a/b.git", github, "git clone https://x:[redacted]@github.com/a/b.git"},
		"github as user":   {"https://" + strings.Repeat("a1", 12) + "@github.com/a/b", strings.Repeat("a1", 12), "https://[redacted]@github.com/a/b"},
		"github fine":      {"(" + githubFine + ")", githubFine, "([redacted])"},
		"gitlab":           {"PRIVATE-TOKEN: " + gitlab, gitlab, "PRIVATE-TOKEN: [redacted]"},
		"aws":              {"id " + aws + ",", aws, "id [redacted],"},
		"aws secret":       {"aws_secret_access_key = " + awsSecret, awsSecret, "aws_secret_access_key = [redacted]"},
		"bearer header":    {"Authorization: Bearer " + password + "0123", password, "Authorization: Bearer [redacted]"},
		"basic header":     {"> authorization: Basic " + basic, basic, "> authorization: Basic [redacted]"},
		"header as JSON":   {`{"Authorization":"Bearer ` + password + `"}`, password, `{"Authorization":"Bearer [redacted]"}`},
		"bearer alone":     {"sent bearer " + jwt, jwt, "sent bearer [redacted]"},
		"basic alone":      {"Basic " + basic, basic, "Basic [redacted]"},
		"jwt":              {"id_token was " + jwt + ".", "eyJ", "id_token was [redacted]."},
		"npm":              {"//registry.npmjs.org/:_authToken=" + npm, npm, "//registry.npmjs.org/:_authToken=[redacted]"},
		"stripe":           {stripe, stripe, "[redacted]"},
		"pem":              {"key:\n" + pem + "\nafter", "MIIE", "key:\n[redacted]\nafter"},
		"pem cut off":      {pem[:80], "MIIE", "[redacted]"},
		"pgp":              {pgp, "lQOY", "[redacted]"},
		"redis URL":        {"dial redis://default:" + password + "@10.0.0.1:6379/0: refused", password, "dial redis://default:[redacted]@10.0.0.1:6379/0: refused"},
		"redis, no user":   {"rediss://:" + password + "@cache/1", password, "rediss://:[redacted]@cache/1"},
		"with an @":        {"https://bob:p@ss@wd@example.org/x", "p@ss", "https://bob:[redacted]@example.org/x"},
		"mysql of Go":      {"open root:" + password + "@tcp(127.0.0.1:3306)/db", password, "open root:[redacted]@tcp(127.0.0.1:3306)/db"},
		"mysql socket":     {"root:" + password + "@unix(/run/mysqld.sock)/db", password, "root:[redacted]@unix(/run/mysqld.sock)/db"},
		"libpq":            {"host=db user=app password=" + password + " dbname=x", password, "host=db user=app password=[redacted] dbname=x"},
		"PDO":              {"mysql:host=db;password=" + password + ";dbname=x", password, "mysql:host=db;password=[redacted];dbname=x"},
		"PHP settings":     {"'password' => '" + password + "',", password, "'password' => '[redacted]',"},
		"PHP array":        {"$databases['default']['password'] = '" + password + "';", password, "$databases['default']['password'] = '[redacted]';"},
		"JSON":             {`{"db_password": "` + password + `", "host":"db"}`, password, `{"db_password": "[redacted]", "host":"db"}`},
		"YAML":             {"  password: " + password, password, "  password: [redacted]"},
		"env":              {"DISTROBOT_DB_PASSWORD=" + password, password, "DISTROBOT_DB_PASSWORD=[redacted]"},
		"own key":          {"DISTROBOT_KEY=" + strings.Repeat("0f", 32), "0f0f", "DISTROBOT_KEY=[redacted]"},
		"query":            {"GET /x?access_token=" + password + "&a=1", password, "GET /x?access_token=[redacted]&a=1"},
		"flag":             {"drush site-install --account-pass=" + password + " -y", password, "drush site-install --account-pass=[redacted] -y"},
		"flag and word":    {"wp user create bob --password " + password + " --x", password, "wp user create bob --password [redacted] --x"},
		"cookie":           {"Cookie: a=b; " + password + "=1", password, "Cookie: [redacted]"},
		"set-cookie":       {"< set-cookie: id=" + password + "; Path=/", password, "< set-cookie: [redacted]"},
		"drupal session":   {"SSESS" + strings.Repeat("0a", 16) + "=" + password + "; x", password, "SSESS" + strings.Repeat("0a", 16) + "=[redacted]; x"},
		"wordpress cookie": {"wordpress_logged_in_" + strings.Repeat("0a", 16) + "=bob%7C" + password, password, "wordpress_logged_in_" + strings.Repeat("0a", 16) + "=[redacted]"},
	} {
		t.Run(name, func(t *testing.T) {
			got := fleet.Redact(tt.text)
			if got != tt.want || strings.Contains(got, tt.secret) {
				t.Errorf("Redact(%q)\n gave %q\n want %q", tt.text, got, tt.want)
			}
			if again := fleet.Redact(got); again != got {
				t.Errorf("a second time it gave %q", again)
			}
		})
	}
}

// TestNothingElseIsRemoved: what people need to read stays as it is.
func TestNothingElseIsRemoved(t *testing.T) {
	hex := strings.Repeat("0123456789abcdef", 4)
	for _, text := range []string{
		"commit " + hex[:40], "9f8e7d6 Merge pull request #12", "sha256:" + hex, "digest " + hex, "fingerprint=" + hex[:16],
		"plan 01jd8xk2v9m4q7r5t3w1y6z0ab", "01JD8XK2V9M4Q7R5T3W1Y6Z0AB", "task 01jd8xk2v9m4q7r5t3w1y6z0ab is held",
		"47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU", "123:47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU",
		"https://github.com/acme/atrium/compare/1.0.0...1.1.0", "ssh://git@github.com/acme/atrium.git", "git@github.com:acme/atrium.git",
		"https://shop.example.org:8443/a@b", "http://127.0.0.1:8765/?x=user@example.org", "mail bob@example.org:25",
		"The bot token lacks the scope chat:write; reinstall the app.", "SLACK_BOT_TOKEN is not set: install the app",
		"token_revoked", "invalid token: it has expired", "The password is wrong.", "passwords: 3", "password=true", "tokens=12",
		"--token TOKEN", "[--password PASSWORD]", "Basic authentication is needed", "the bearer certificates", "secret: none",
		"no key=value pairs", "primary_key=id", "keys: a, b", "drupal/core 10.2.6 → 10.3.1", "composer.lock a1b2c3", "atrium-20261120-9f8e7d6-b2",
		"cookie consent module 2.0.1", "drupal/simple_oauth_token: 5.2.0 installed", "author: Bob <bob@example.org>", "monkey=banana1",
		"key.changed", "ix:plans", "asia-pacific", "EYJAFJALLAJOKULL", "xoxo, bob", "U0123ABCD C0123ABCD T0123ABCD",
	} {
		if got := fleet.Redact(text); got != text {
			t.Errorf("Redact(%q) = %q", text, got)
		}
	}
}

// TestMessagesKeepTheirWords: nothing of what commands and notices say is taken
// for a secret.
func TestMessagesKeepTheirWords(t *testing.T) {
	n := 0
	err := filepath.WalkDir("../commands/testdata", func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for line := range strings.Lines(string(raw)) {
			if n++; fleet.Redact(line) != line {
				t.Errorf("%s: %q became %q", path, line, fleet.Redact(line))
			}
		}
		return nil
	})
	if err != nil || n < 1000 {
		t.Fatalf("%d lines, %v", n, err)
	}
}

func TestKnownSecretsAreRemoved(t *testing.T) {
	r := fleet.NewRedactor("plainword", "", "short", "plainword-longer")
	if got := r.Redact("a plainword-longer, a plainword and a short one"); got != "a [redacted], a [redacted] and a short one" {
		t.Errorf("%q", got)
	}
}

// TestKeysInOutput: the lines of a private key are removed though each by itself
// looks like nothing.
func TestKeysInOutput(t *testing.T) {
	var lines []fleet.LogLine
	for _, l := range strings.Split("before\n"+pem+"\nafter "+hexLine, "\n") {
		lines = append(lines, fleet.LogLine{Text: l})
	}
	fleet.RedactLines(lines)
	var all []string
	for _, l := range lines {
		all = append(all, l.Text)
	}
	got := strings.Join(all, "\n")
	if strings.Contains(got, "MIIE") || !strings.HasPrefix(got, "before\n") || !strings.HasSuffix(got, "after "+hexLine) {
		t.Errorf("%s", got)
	}
}

const hexLine = "9f8e7d6c5b4a39281706f5e4d3c2b1a09f8e7d6c"

// FuzzRedact: it never fails, and a second time changes nothing.
func FuzzRedact(f *testing.F) {
	for _, s := range []string{slackBot, pem, "https://a:b@c", "password: 'x", "Authorization: Basic " + basic, "a:b@tcp("} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		once := fleet.Redact(s)
		if again := fleet.Redact(once); again != once {
			t.Errorf("%q, then %q", once, again)
		}
	})
}

func BenchmarkRedactOrdinary(b *testing.B) {
	for b.Loop() {
		fleet.Redact("drupal/core 10.2.6 → 10.3.1, 14 packages change, 42 database updates, nothing blocked")
	}
}
