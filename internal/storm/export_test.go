package storm

// OneAtATime is what a trace is judged by.
func OneAtATime(trace string) (int, error) { return oneAtATime(trace) }
