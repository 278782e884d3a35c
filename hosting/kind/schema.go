package kind

import (
	"context"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/distrobot/distrobot/fleet"
)

// maxUpdates bounds the update functions of one module.
const maxUpdates = 2000

// schemas reads the database updates that extensions bring, from their .install
// and .post_update.php files.
func (h *harvest) schemas(ctx context.Context, all map[string]extension) (map[string]fleet.ModuleSchema, error) {
	out := make(map[string]fleet.ModuleSchema, len(all))
	for name, e := range all {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		var m fleet.ModuleSchema
		for _, suffix := range []string{".install", ".post_update.php"} {
			if at := path.Join(e.dir, name+suffix); h.files[at] {
				readUpdates(&m, name, h.file(at, maxPHP))
			}
		}
		slices.Sort(m.Updates)
		m.Updates = slices.Compact(m.Updates)
		slices.Sort(m.Post)
		m.Post = slices.Compact(m.Post)
		out[name] = m
	}
	return out, nil
}

// readUpdates adds the updates of module that a file declares:
// MODULE_update_N, MODULE_update_last_removed, MODULE_post_update_NAME and
// MODULE_removed_post_updates.
func readUpdates(m *fleet.ModuleSchema, module string, src []byte) {
	if len(src) == 0 {
		return
	}
	tokens := phpTokens(src)
	seen := map[string]bool{} // PHP refuses a second function of one name
	phpFunctions(tokens, func(name string, rest []phpToken) {
		if seen[name] {
			return
		}
		seen[name] = true
		hook, ok := strings.CutPrefix(name, module+"_")
		if !ok {
			return
		}
		if post, ok := strings.CutPrefix(hook, "post_update_"); ok && post != "" && len(m.Post) < maxUpdates {
			m.Post = append(m.Post, fleet.Clean(post, maxName))
			return
		}
		switch hook {
		case "update_last_removed":
			m.LastRemoved, _ = phpReturned(phpBody(rest))
		case "removed_post_updates":
			m.Gone = removedPosts(module, phpBody(rest))
		}
		if n, ok := strings.CutPrefix(hook, "update_"); ok && digitsOnly(n) && len(n) <= 9 && len(m.Updates) < maxUpdates {
			number, _ := strconv.Atoi(n) // digits only, and few
			m.Updates = append(m.Updates, number)
		}
	})
}

// removedPosts reads the array of removed post updates, name to version.
func removedPosts(module string, body []phpToken) map[string]string {
	out := map[string]string{}
	for name, version := range phpPairs(body) {
		if short, ok := strings.CutPrefix(name, module+"_post_update_"); ok && len(out) < maxUpdates {
			out[fleet.Clean(short, maxName)] = fleet.Clean(version, maxVersion)
		}
	}
	return out
}
