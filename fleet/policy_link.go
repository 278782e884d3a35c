package fleet

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"
)

// A VoteLink is what a one-time link stands for: one person's approval of one
// plan as it was shown. Whoever holds the link can cast it, within LinkLife and
// once: Nonce is the id of the request under which the vote is recorded.
type VoteLink struct {
	Nonce       string    `json:"n"`
	Plan        PlanID    `json:"p"`
	Revision    int       `json:"r"`
	Fingerprint string    `json:"f"`
	Who         Actor     `json:"w"`
	Reason      string    `json:"y,omitempty"`
	Glass       bool      `json:"g,omitempty"`
	Until       time.Time `json:"u"` // by the store's clock
}

// maxLink bounds a token before it is looked at.
const maxLink = 4096

// Token is the link's secret part: what it stands for and a MAC under a key
// derived from the given one. It is fit for a path.
func (l VoteLink) Token(key []byte) (string, error) {
	raw, err := json.Marshal(l)
	if err != nil {
		return "", err
	}
	enc := base64.RawURLEncoding
	return enc.EncodeToString(raw) + "." + enc.EncodeToString(linkMAC(key, raw)), nil
}

// ParseVoteLink reads a token that Token has made under the same key. What was
// not made so is refused, with an Error of code Forbidden; whether it is still
// good is for DecidePlan to say.
func ParseVoteLink(token string, key []byte) (VoteLink, error) {
	var l VoteLink
	bad := Errorf(Forbidden, "This link is not one of mine, or was cut.").WithHint("Press Confirm again for a fresh one.")
	body, mac, found := strings.Cut(token, ".")
	if !found || len(token) > maxLink || len(key) == 0 {
		return l, bad
	}
	enc := base64.RawURLEncoding.Strict()
	raw, err := enc.DecodeString(body)
	if err != nil {
		return l, bad
	}
	given, err := enc.DecodeString(mac)
	if err != nil || !hmac.Equal(given, linkMAC(key, raw)) {
		return l, bad
	}
	if err := json.Unmarshal(raw, &l); err != nil || l.Nonce == "" {
		return VoteLink{}, bad
	}
	return l, nil
}

// linkMAC is under a key of its own, so that nothing else that is signed with
// the key of the store can be taken for a link.
func linkMAC(key, raw []byte) []byte {
	return purposeMAC(key, "distrobot second factor, version 1", raw)
}

// purposeMAC signs raw under a key that is derived for one purpose: what is
// signed for one can never be taken for another.
func purposeMAC(key []byte, purpose string, raw []byte) []byte {
	own := hmac.New(sha256.New, key)
	own.Write([]byte(purpose))
	m := hmac.New(sha256.New, own.Sum(nil))
	m.Write(raw)
	return m.Sum(nil)
}

// Vote is the vote that the link stands for.
func (l VoteLink) Vote() Vote {
	return Vote{Plan: l.Plan, Revision: l.Revision, Confirm: true, Who: l.Who, Reason: l.Reason, Glass: l.Glass,
		Request: "link." + l.Nonce, Link: &l}
}
