package web

import (
	"os"
	"path/filepath"
)

// WriteGate writes the gate and the page of a held site into dir, for people who
// keep their own virtual hosts and pools and only want the pointer moved. Such a
// pool needs
//
//	php_admin_value[auto_prepend_file] = DIR/gate.php
//	env[DISTROBOT_SITE] = DATA/sites/SITE
//
// a root of SITE/live/www with $realpath_root in the vhost, and a user who may
// read SITE/serving.lock.
func WriteGate(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if err := put(filepath.Join(dir, "held.html"), heldText); err != nil {
		return err
	}
	return put(filepath.Join(dir, "gate.php"), gateText)
}
