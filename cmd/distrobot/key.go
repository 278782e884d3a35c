package main

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// fileKey reads the signing key from a file, making it first if there is none.
// Two processes that start at once agree: the file is made with O_EXCL.
func fileKey(path string) ([]byte, error) {
	raw := make([]byte, 32)
	if _, err := rand.Read(raw); err != nil {
		return nil, err
	}
	tmp := fmt.Sprintf("%s.%d", path, os.Getpid())
	if err := os.WriteFile(tmp, []byte(hex.EncodeToString(raw)), 0o600); err != nil {
		return nil, fmt.Errorf("the key file cannot be written: %w", err)
	}
	defer os.Remove(tmp)
	// A hard link either makes the whole file or fails because it is there.
	if err := os.Link(tmp, path); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("the key file cannot be made: %w", err)
	}
	key, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("the key file cannot be read: %w", err)
	}
	if len(key) < 32 {
		return nil, fmt.Errorf("the key file %s is too short; remove it to make a new one", path)
	}
	return key, nil
}
