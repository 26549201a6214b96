#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The command: its own Node where the package brings one, by which standing guards know the next agent, else the system's.
root=/usr/lib/cloudtaser
node=$root/node
[ -x "$node" ] || node=node
exec "$node" "$root/dist/bin/cloudtaser.js" "$@"
