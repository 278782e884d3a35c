# state OP: what became of a program that was launched: "ended CODE", "runs" or
# "gone", then the end of what it wrote to standard error.
d=$1
if [ -s "$d/rc" ]; then echo "ended $(cat "$d/rc")"
elif [ -s "$d/pid" ] && kill -0 "$(cat "$d/pid")" 2>/dev/null; then echo runs
elif [ -s "$d/rc" ]; then echo "ended $(cat "$d/rc")"
else echo gone
fi
tail -c 4000 "$d/err" 2>/dev/null || :
