# place DIR: unpacks a tar archive from standard input as DIR, unless it is there.
set -e
to=$1 new=${1%/*}/.new-${1##*/}
if [ -d "$to" ]; then cat >/dev/null; exit 0; fi
mkdir -p "${to%/*}"
if [ -d "$new" ]; then chmod -R u+w "$new"; rm -rf "$new"; fi
mkdir "$new"
tar -C "$new" -xf -
chmod -R u+w "$new"
mv -T "$new" "$to"
