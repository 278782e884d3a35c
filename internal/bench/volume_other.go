//go:build !linux

package bench

// MemoryVolume returns "": only Linux has one that is always there.
func MemoryVolume() string { return "" }

// syncVolume does nothing: only Linux can sync one volume.
func syncVolume(string) error { return nil }
