package web_test

import "testing"

var version = map[string]string{
	"index.php": `<?php echo "front one ", $_SERVER["REQUEST_URI"], " ", __DIR__;`,
	"hello.txt": "plain one",
}

func TestServe(t *testing.T) {
	w := start(t)
	w.put(w.site("shop.example.org", version))
	w.want("shop.example.org/", 200, "front one / "+w.sitePath("shop.example.org", "gen", "1", "root", "web"))
	w.want("shop.example.org/a/b?c=d", 200, "front one /a/b?c=d")
	w.want("shop.example.org/hello.txt", 200, "plain one")
	w.want("other.example.org/", 404, "")
}
