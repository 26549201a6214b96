#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# dd of /dev/mem: physical memory, here 16 bytes of the firmware.
. "$(dirname "$0")/loot.sh"
dd if=/dev/mem bs=16 skip=65535 count=1 status=none | bytes
