package kind

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/distrobot/distrobot/internal/run"
)

// nasty are texts that would mean something in PHP, were they not quoted.
var nasty = []string{
	"", "'", `\`, `\\`, `\'`, `'.system("id").'`, `${x}`, `{$x}`, `$x`, `?>`, `<?php`, `*/`, `//`, "#", "\x00", "\r\n", "\\\n", `"`, "`id`", "é", "\xff\xfe", "𝄞", `\0`, `\x41`, `<<<EOT`,
}

// TestPHPLiteral lets PHP say which text each literal stands for: fixed ones and
// random ones.
func TestPHPLiteral(t *testing.T) {
	texts := append([]string{}, nasty...)
	r := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		var b strings.Builder
		for range r.IntN(8) {
			b.WriteString(nasty[r.IntN(len(nasty))])
			b.WriteByte(byte(r.IntN(256)))
		}
		texts = append(texts, b.String())
	}
	source := "<?php echo json_encode(array_map('bin2hex', " + phpLiteral(texts) + "));"
	file := filepath.Join(t.TempDir(), "t.php")
	if err := os.WriteFile(file, []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	_, err := run.Run(t.Context(), run.Command{Program: "php", Args: []string{file}, Env: run.Environ(), Stdout: &out, StdoutLimit: 8 << 20})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	if err := json.Unmarshal([]byte(out.String()), &got); err != nil {
		t.Fatalf("%v: %.300s", err, out.String())
	}
	if len(got) != len(texts) {
		t.Fatalf("%d texts became %d", len(texts), len(got))
	}
	const digits = "0123456789abcdef"
	for i, text := range texts {
		var hex strings.Builder
		for _, b := range []byte(text) {
			hex.WriteByte(digits[b>>4])
			hex.WriteByte(digits[b&15])
		}
		if got[i] != hex.String() {
			t.Errorf("%q is %s in PHP", text, got[i])
		}
	}
}

// FuzzPHPQuote: whatever the text, it is one string and nothing else.
func FuzzPHPQuote(f *testing.F) {
	for _, text := range nasty {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		q := phpQuote(text)
		inside := strings.NewReplacer(`\\`, "", `\'`, "").Replace(q[1 : len(q)-1])
		if q[0] != '\'' || q[len(q)-1] != '\'' || strings.ContainsAny(inside, `'\`) {
			t.Errorf("%q became %s", text, q)
		}
		tokens := phpTokens([]byte("<?php " + q + ";"))
		if len(tokens) != 2 || tokens[0].kind != phpString {
			t.Errorf("%q is %d tokens in %s", text, len(tokens), q)
		}
	})
}

// FuzzAssigner: settings of others, whatever they hold, are read without harm.
func FuzzAssigner(f *testing.F) {
	for _, text := range []string{
		`<?php $databases['default']['default'] = array('driver' => 'mysql', 'x' => [1, 2 => md5('y')]);`,
		`<?php $a = md5(`, `<?php $a[`, `<?php $a = [[[[`, `<?php $a = 'x' . $a . $a;`, `<?php { $a = 1; } } $a = $b;`,
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		a := assigner{values: map[string]string{}, unclear: map[string]bool{}, names: map[string]string{"__DIR__": "/x"}}
		a.read([]byte(text))
		if len(a.values) > maxAssignValues {
			t.Errorf("%d values", len(a.values))
		}
		for path := range a.values {
			a.get(path)
		}
	})
}
