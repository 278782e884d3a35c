# launch OP AFTER PROGRAM...: starts the program once for ever under the name OP,
# detached, and prints AFTER of the first launch. The directory is the lock.
d=$1 after=$2
shift 2
mkdir -p "${d%/*}" && chmod 700 "${d%/*}" || exit 1
if mkdir "$d" 2>/dev/null; then
  echo "$after" >"$d/after.new" && mv "$d/after.new" "$d/after" || exit 1
  setsid sh -c '
    d=$1; shift
    echo $$ >"$d/pid.new" && mv "$d/pid.new" "$d/pid" || exit 1
    "$@" >"$d/out" 2>"$d/err" </dev/null
    echo $? >"$d/rc.new"; mv "$d/rc.new" "$d/rc"' sh "$d" "$@" >/dev/null 2>&1 </dev/null &
fi
i=0
until [ -s "$d/pid" ] || [ $i -ge 100 ]; do i=$((i+1)); sleep 0.1; done
cat "$d/after"
