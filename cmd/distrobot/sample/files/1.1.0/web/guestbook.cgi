#!/bin/sh
# The guest book. Entries are lines of data/guestbook.tsv, oldest first, in the
# layout that data/schema names.
set -eu
export LC_ALL=C
umask 027
version=1.1.0
schema=1
book=$SITE_ROOT/data/guestbook.tsv
SITE_NAME=
. "$SITE_ROOT/conf/site.conf"

if [ "$(cat "$SITE_ROOT/data/schema")" != "$schema" ]; then
	echo "guestbook: the data has another schema than $schema" >&2
	exit 1
fi

esc() { sed -e 's/&/\&amp;/g' -e 's/</\&lt;/g' -e 's/>/\&gt;/g' -e 's/"/\&quot;/g'; }

# field NAME: one field of a submitted form, on one line, at most 1000 bytes.
field() {
	printf '%s' "$form" | tr '&' '\n' | awk -v want="$1" '
	BEGIN { for (i = 0; i < 256; i++) { h = sprintf("%02x", i); byte[h] = i < 32 || i == 127 ? " " : sprintf("%c", i) } }
	{
		cut = index($0, "=")
		if (substr($0, 1, cut - 1) != want) next
		text = substr($0, cut + 1); out = ""
		gsub(/\+/, " ", text)
		while ((at = index(text, "%")) > 0) {
			hex = tolower(substr(text, at + 1, 2))
			if (hex in byte) { out = out substr(text, 1, at - 1) byte[hex]; text = substr(text, at + 3) }
			else { out = out substr(text, 1, at); text = substr(text, at + 1) }
		}
		print substr(out text, 1, 1000)
		exit
	}' | tr -s ' \t\r\n' ' ' | sed -e 's/^ //' -e 's/ $//'
}

# One entry is one short write at the end of the file; the kernel keeps such
# writes of several visitors apart.
if [ "$REQUEST_METHOD" = POST ]; then
	if [ "${CONTENT_LENGTH:-0}" -gt 8192 ]; then
		printf 'Status: 413 Too large\nContent-Type: text/plain\n\nThat is too long for a guest book.\n'
		exit
	fi
	form=$(head -c "${CONTENT_LENGTH:-0}")
	name=$(field name | cut -c 1-80)
	text=$(field text)
	if [ -z "$name" ] || [ -z "$text" ]; then
		printf 'Status: 422 Incomplete\nContent-Type: text/plain\n\nPlease give a name and a text.\n'
		exit
	fi
	printf '%s\t%s\n' "$name" "$text" >> "$book"
	printf 'Status: 303 See other\nLocation: guestbook.cgi\n\n'
	exit
fi

entries() {
	esc < "$book" | LC_ALL=C awk -F '\t' '{
		name = $1 == "" ? "A neighbour" : $1
		list = "<div class=\"entry\"><b>" name "</b><p>" $2 "</p></div>\n" list
	} END { printf "%s", list }'
}

# Made before the header is sent, so that a fault is an answer of its own.
list=$(entries)
site=$(printf '%s' "$SITE_NAME" | esc)
cat <<HTML
Content-Type: text/html; charset=utf-8

<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Guest book</title>
<link rel="stylesheet" href="style.css">
<header>
  <nav><a href="./">Home</a><a href="events.html">Events</a><a href="about.html">About</a><a href="guestbook.cgi" aria-current="page">Guest book</a></nav>
  <h1>Guest book</h1>
  <p>What people left here at $site.</p>
  <p>Entries so far: $(wc -l < "$book" | tr -d " ")</p>
</header>
<main>
<form method="post" action="guestbook.cgi">
  <label>Your name <input name="name" maxlength="60" required></label>
  <label>Your words <textarea name="text" rows="3" maxlength="500" required></textarea></label>
  <button>Sign the book</button>
</form>
$list
</main>
<footer><p>Made by neighbours. <span class="version">Atrium $version</span></p></footer>
</html>
HTML
