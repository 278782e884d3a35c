package bot

import "time"

// A Meter counts what the bot does. The program's metrics implement it; names
// are without the program's prefix, label holds one or two words.
type Meter interface {
	// Add raises a counter: slack_calls (METHOD STATUS), slack_requests (KIND),
	// slack_posts (RESULT), slack_limits (RULE), slack_reconnects.
	Add(name, label string, n float64)
	// Time records a duration: slack_ack and slack_visible (KIND), from the
	// arrival of a request.
	Time(name, label string, d time.Duration)
}

// noMeter counts nothing.
type noMeter struct{}

func (noMeter) Add(string, string, float64)        {}
func (noMeter) Time(string, string, time.Duration) {}
