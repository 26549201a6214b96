#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# head of /proc/kcore: the kernel's memory as an ELF file.
. "$(dirname "$0")/loot.sh"
head -c 16 /proc/kcore | bytes
