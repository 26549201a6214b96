#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# bpftool prog load of a spy that copies other processes' writes. It is loaded and pinned, never attached.
. "$(dirname "$0")/loot.sh"
pin=/sys/fs/bpf/spy
bpftool prog load "$(dirname "$0")/spy.bpf.o" "$pin" 2> "$notes/bpftool.err" || {
    grep -m 1 -i -E 'permitted|denied' "$notes/bpftool.err" >&2 || cat "$notes/bpftool.err" >&2
    exit 1
}
bpftool prog show pinned "$pin" | head -n 1
rm "$pin"
