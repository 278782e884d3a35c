package aegir_test

import (
	"testing"

	"github.com/distrobot/distrobot/hosting/hostingtest"
)

// pages is an application of static pages, which its update writes.
func pages(name, breaks string) map[string]string {
	update := "set -e\necho " + name + " wrote >> log\n"
	well := " all is well"
	switch breaks {
	case "update":
		update += "exit 1\n"
	case "page":
		well = " nothing is well"
	}
	return map[string]string{
		// Its database is Aegir's business, wherever that is.
		"distrobot.yml":    "version: 1\ndatabase: {engine: mysql}\ncheck: {path: /, marker: all is well}\n",
		"first/index.html": "version " + name + " all is well\nbegin\n",
		"first/log":        "begin\n",
		"packages":         "profile standard 7.105 0\nmodule system 7.105 7088\n",
		"update.sh":        update + "{ echo 'version " + name + well + "'; cat log; } > index.html\n",
	}
}

// TestRecipes runs the tasks of sites over the stub.
func TestRecipes(t *testing.T) {
	hostingtest.Recipes(t, func(t *testing.T) hostingtest.Machine {
		return hostingtest.Machine{Backend: newHost(t).backend, Code: pages}
	})
}
