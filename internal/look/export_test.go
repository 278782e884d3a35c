package look

// Pids gives the browser's own process.
func Pids(e *Engine) []int {
	if e.pid == 0 {
		return nil
	}
	return []int{e.pid}
}
