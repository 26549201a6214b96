#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# insmod of a module of the running kernel, harmless and unused; a real attacker brings his own. Taken out again.
. "$(dirname "$0")/loot.sh"
for name in dummy tcp_westwood tcp_bbr crc7 raid6_pq; do
    [ -d "/sys/module/$name" ] && continue
    file=$(find "/lib/modules/$(uname -r)/" -name "$name.ko*" | head -n 1)
    [ -n "$file" ] && break
done
[ -n "$file" ] || { echo "insmod: no module to try with" >&2; exit 2; }
insmod "$file" || exit 1
echo "code in the kernel: $(grep "^$name " /proc/modules)"
rmmod "$name"
