package commands

import "github.com/distrobot/distrobot/fleet"

// looked lets a list be shown without the records that cannot be trusted; warn
// adds to its message which those are. Any other error stays what it is.
func looked(err error) (warn func(*fleet.Message), left error) {
	bad := fleet.Distrusted(err)
	if err != nil && bad == nil {
		return func(*fleet.Message) {}, err
	}
	return func(m *fleet.Message) {
		if len(bad) > 0 {
			m.Tone, m.Lines = fleet.Warn, append(m.Lines, fleet.TellDistrusted(bad)...)
		}
	}, nil
}
