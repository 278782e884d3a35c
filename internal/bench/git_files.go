package bench

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
)

// words make text that compresses like code does, to about a quarter.
var words = strings.Fields(`function return array string public static protected class extends
	implements namespace use new this self foreach isset empty null true false node entity field form
	state render theme module hook install update config storage manager service container request
	response route access user role permission block view display plugin annotation translation cache`)

// bigPath spreads files over directories as Drupal does: about four in each.
func bigPath(i int) string {
	group := i / 4
	return fmt.Sprintf("core/modules/%s_%d/src/%s/d%d/%s%d.php", words[group%len(words)], group%97, words[group/7%len(words)], group, words[i%len(words)], i)
}

// bigContent makes the file i of a version: the same for the same arguments, 4
// kB on average with a few long ones, and alike from version to version.
func bigContent(i, version int) string {
	r := rand.New(rand.NewPCG(uint64(i), 1))
	size := int(math.Exp(r.NormFloat64()*1.1 + 7.7))
	var b strings.Builder
	fmt.Fprintf(&b, "<?php\n// File %d of release %d.\n", i, version)
	for column := 0; b.Len() < size; column++ {
		b.WriteString(words[r.IntN(len(words))])
		if r.IntN(9) == 0 {
			fmt.Fprintf(&b, "_%x", r.Uint32())
		}
		if column%9 == 8 {
			b.WriteString(";\n")
		} else {
			b.WriteByte(' ')
		}
	}
	return b.String()
}
