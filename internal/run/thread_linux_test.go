package run_test

import "runtime"

// lockThreadForEver makes the calling goroutine's thread end with the goroutine.
func lockThreadForEver() { runtime.LockOSThread() }
