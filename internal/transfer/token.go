package transfer

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"
)

// tokenLife is how long a token may be shown after it was made: long enough for
// clocks that differ by a minute.
const tokenLife = 5 * time.Minute

// An Item names what is asked for: a file of a place, with the content that the
// digest says, in hexadecimal SHA-256.
type Item struct {
	Place, Name, Digest string
}

// ErrToken says that a token was refused; why is not told to who shows it.
var ErrToken = errors.New("transfer: the token is not good")

// purpose keeps tokens apart from everything else that the key signs.
const purpose = "distrobot transfer 1"

func sign(key []byte, it Item, expiry, nonce string) string {
	m := hmac.New(sha256.New, key)
	for _, s := range []string{purpose, it.Place, it.Name, it.Digest, expiry, nonce} {
		fmt.Fprintf(m, "%d:%s\n", len(s), s)
	}
	return hex.EncodeToString(m.Sum(nil))
}

// mint makes a token for one request of an item.
func mint(key []byte, it Item, now time.Time) string {
	expiry, nonce := strconv.FormatInt(now.Add(tokenLife).Unix(), 10), rand.Text()
	return strings.Join([]string{expiry, nonce, sign(key, it, expiry, nonce)}, ".")
}

// A gate lets each token through once.
type gate struct {
	keys [][]byte

	mu   sync.Mutex
	used map[string]time.Time // nonce → when its token ends
}

// maxUsed bounds the tokens that are remembered; more at once are refused.
const maxUsed = 10_000

// admit checks a token and uses it up.
func (g *gate) admit(token string, it Item, now time.Time) error {
	expiry, rest, _ := strings.Cut(token, ".")
	nonce, mac, _ := strings.Cut(rest, ".")
	end, err := strconv.ParseInt(expiry, 10, 64)
	at := time.Unix(end, 0)
	if err != nil || len(nonce) < 16 || len(nonce) > 64 || now.After(at) || at.After(now.Add(2*tokenLife)) {
		return ErrToken
	}
	good := false
	for _, key := range g.keys {
		good = hmac.Equal([]byte(sign(key, it, expiry, nonce)), []byte(mac)) || good
	}
	if !good {
		return ErrToken
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.used) >= maxUsed/2 {
		for n, end := range g.used {
			if now.After(end) {
				delete(g.used, n)
			}
		}
	}
	if _, again := g.used[nonce]; again || len(g.used) >= maxUsed {
		return ErrToken
	}
	if g.used == nil {
		g.used = map[string]time.Time{}
	}
	g.used[nonce] = at
	return nil
}
