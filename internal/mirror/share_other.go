//go:build !linux

package mirror

import "errors"

// canShare says that this system lacks what sharing safely needs.
const canShare = false

func openBeneath(int, string) (int, error) { return -1, errors.ErrUnsupported }

func openDirectory(string, string) (int, error) { return -1, errors.ErrUnsupported }

func openHere(int, string) (int, error) { return -1, errors.ErrUnsupported }

func link(int, int, string) (bool, error) { return false, nil }

func reflink(int, int) error { return errors.ErrUnsupported }
