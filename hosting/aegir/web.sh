# web VERB FILE PIDFILE OURS RELOAD...: what we do to Aegir's nginx.
#   put    writes FILE from standard input and reloads
#   drop   deletes FILE and reloads
#   drain  waits until the workers of nginx that the last reload found are gone
# OURS/FILE.old keeps these: they let nobody in any more, and end
# with the last request that they have.
set -e
verb=$1 file=$2 pids=$3 ours=$4
shift 4
old=$ours/${file##*/}.old
mkdir -p "$ours"
workers() { cat /proc/"$(cat "$pids")"/task/*/children 2>/dev/null || :; }
reload() {
  workers >>"$old"
  "$@" >/dev/null
}
case $verb in
put)
  cat >"$ours/${file##*/}.new"
  mkdir -p "${file%/*}"
  mv "$ours/${file##*/}.new" "$file"
  reload "$@"
  ;;
drop)
  [ -e "$file" ] || exit 0
  rm -f "$file"
  reload "$@"
  ;;
drain)
  [ -e "$old" ] || exit 0
  tries=$1
  for pid in $(cat "$old"); do
    while [ -d "/proc/$pid" ] && [ "$tries" -gt 0 ]; do tries=$((tries-1)); sleep 0.1; done
    if [ -d "/proc/$pid" ]; then echo "worker $pid of nginx still has requests" >&2; exit 1; fi
  done
  rm -f "$old"
  ;;
esac
