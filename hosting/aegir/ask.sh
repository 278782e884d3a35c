# ask ADDRESS HOST MARK PAGE: asks for the mark until it answers 204, then for the
# page over the same connection: after a reload, old workers of nginx still take
# new connections for a moment. PAGE may be empty.
f=$(mktemp) || exit 1
trap 'rm -f "$f"' EXIT
i=0
while :; do
  if [ -n "$4" ]; then
    curl -s --max-time 60 -w '%{http_code}\n' -H "Host: $2" "$1$3" --next -s -i --raw --max-time 60 -H "Host: $2" "$1$4" >"$f"
  else
    curl -s --max-time 5 -w '%{http_code}\n' -H "Host: $2" -o /dev/null "$1$3" >"$f"
  fi
  [ "$(head -n 1 "$f" | tr -d '\0')" = 204 ] && break
  i=$((i+1))
  [ $i -lt 300 ] || { echo 'nginx does not take the configuration over' >&2; exit 1; }
  sleep 0.1
done
cat "$f"
