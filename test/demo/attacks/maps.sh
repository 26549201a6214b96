#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# cat /proc/PID/maps: where the heap lies, noted for the attacks on memory.
. "$(dirname "$0")/loot.sh"
cat "/proc/$pid/maps" > "$notes/maps.new" && grep -F '[heap]' "$notes/maps.new" | tee "$notes/heap" | grep .
