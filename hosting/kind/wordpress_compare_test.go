package kind_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
)

const shopCode = `
=== wp-includes/version.php
<?php $wp_version='6.1.9';$wp_db_version=53496;$required_php_version='5.6.20';
=== wp-content/plugins/shop/shop.php
<?php /* Plugin Name: Shop
Version: 2.0 */
=== wp-content/plugins/unused/unused.php
<?php /* Plugin Name: Unused
Version: 1.0 */
=== wp-content/mu-plugins/host.php
<?php /* Plugin Name: Host
Version: 1.0 */
=== wp-content/themes/child/style.css
/* Theme Name: Child
Template: parent
Version: 1.0 */
=== wp-content/themes/parent/style.css
/* Theme Name: Parent
Version: 3.1 */
`

const newerCode = `
=== wp-includes/version.php
<?php $wp_version='6.8.7';$wp_db_version=60421;$required_php_version='7.2.24';
=== wp-content/themes/child/style.css
/* Theme Name: Child
Template: parent
Version: 1.0 */
`

// A comparison reads like this, with what two code bases hold and a database says.
func TestWordPressComparison(t *testing.T) {
	facts := func(name fleet.PlatformName, text string) fleet.PlatformFacts {
		tree := lay(t, text)
		f, err := detect(tree).Read(t.Context(), tree)
		if err != nil {
			t.Fatal(err)
		}
		f.Platform = name
		return f
	}
	older, newer := facts("wp-6.1.9", shopCode), facts("wp-6.8.7", newerCode)
	compared := func(from, to fleet.PlatformFacts, version string) (out []string) {
		tree := lay(t, shopCode)
		s, err := detect(tree).App(tree).Inspect(t.Context(), tables{
			"wp_posts", "wp_options db_version " + version, "wp_options stylesheet child", "wp_options template parent", `wp_options active_plugins a:1:{i:0;s:13:"shop/shop.php";}`,
		}, wpPlace(tree, &hosting.Access{}, ""))
		if err != nil {
			t.Fatal(err)
		}
		v := fleet.Pending(*to.Code, s)
		c := fleet.Compare(from, to, &fleet.SiteFacts{URI: "shop.example", Enabled: s.InUse(), Schema: version, Pending: v.Pending, Blocks: v.Blocks})
		for _, r := range c.Rows {
			if r.Pending > 0 {
				out = append(out, fleet.Plural(r.Pending, "update", "updates")+" of "+r.Package)
			}
		}
		for _, f := range c.Findings {
			word := map[bool]string{true: "block", false: "warn"}[f.Block]
			out = append(out, word+": "+f.Text)
		}
		return out
	}
	if d := cmp.Diff([]string{
		"1 update of wordpress",
		"block: The site uses the theme child, which needs parent, and the target does not have that.",
		"block: The site uses the theme parent, which the target does not have.",
		"block: The site uses the plugin shop, which the target does not have.",
		"warn: The mu-plugin host is not on the target; WordPress runs it on every site without being told to.",
		"warn: 1 package is not on the target: unused; the site uses none of them.",
		"warn: The target needs PHP 7.2.24 or later; 5.6.20 was enough before.",
	}, compared(older, newer, "53496")); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{
		"block: wordpress would go back from 6.8.7 to 6.1.9; its data cannot go back with it.",
		"block: The database has version 60421, newer than the 53496 of the target's wordpress; it cannot go back.",
	}, compared(newer, older, "60421")); d != "" {
		t.Error(d)
	}
}
