package workspace

import "time"

// bucket is a token bucket: it holds up to burst tokens and gains rate of them
// a second.
type bucket struct {
	tokens float64
	at     time.Time
}

// take removes one token, or says how long until there is one.
func (b *bucket) take(now time.Time, rate float64, burst int) time.Duration {
	b.tokens = min(float64(burst), b.tokens+now.Sub(b.at).Seconds()*rate)
	b.at = now
	if b.tokens >= 1 {
		b.tokens--
		return 0
	}
	return time.Duration((1 - b.tokens) / rate * float64(time.Second))
}

// rate applies Slack's limit for a call and returns how long to wait, or 0.
// Tiers count per method in the whole workspace; chat.postMessage counts per
// channel. Called with mu held.
func (s *Server) rate(c *call, m method) time.Duration {
	lim := s.opts.Limits
	if lim.Off {
		return 0
	}
	if c.name == "chat.postMessage" {
		channel := c.str("channel")
		if ch := s.st.channelByID(channel); ch != nil {
			channel = ch.ID // #sites and C0SITES are one
		}
		return s.bucket(c.name+" "+channel, lim.PostBurst).take(s.now(), lim.PostPerSecond, lim.PostBurst)
	}
	if m.tier == 0 {
		return 0
	}
	burst := lim.TierBurst
	if burst == 0 {
		burst = m.tier
	}
	return s.bucket(c.name, burst).take(s.now(), float64(m.tier)/60, burst)
}

// bucket finds or fills the bucket of a key.
func (s *Server) bucket(key string, burst int) *bucket {
	b := s.buckets[key]
	if b == nil {
		b = &bucket{tokens: float64(burst), at: s.now()}
		s.buckets[key] = b
	}
	return b
}
