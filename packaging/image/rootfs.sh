#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What the image holds beside the product: the libraries that its binaries name, their licences, and two users. No shell.
# Usage: rootfs.sh DIRECTORY, inside the build container
set -eu
root=$1
library=/usr/lib/cloudtaser

install -D -m 0755 build/cloudtaser-launch "$root/usr/bin/cloudtaser"

# The loader and the libraries, under the names by which they are looked for.
ldd "$root$library/node" "$root$library/build/Release/cloudtaser.node" |
	sed -n -e 's/.*=> \(\/[^ ]*\) .*/\1/p' -e 's/^\t\(\/[^ ]*\) .*/\1/p' | sort -u | while read -r file; do
	install -D -m 0755 "$(readlink -f "$file")" "$root$file"
	package=$(dpkg-query --search "$(readlink -f "$file")" "$file" 2>/dev/null | sed -n '1s/[:,].*//p')
	[ -z "$package" ] || install -D -m 0644 "/usr/share/doc/$package/copyright" "$root/usr/share/doc/$package/copyright"
done
install -D -m 0644 /opt/node/node_modules/node-linux-*/LICENSE "$root/usr/share/doc/nodejs/LICENSE"
install -D -m 0644 LICENSE "$root/usr/share/doc/cloudtaser/LICENSE"
install -D -m 0644 build/sbom.json "$root/usr/share/doc/cloudtaser/sbom.json"

# Mount points, since the root file system is read-only.
for directory in dev proc sys run run/cloudtaser etc/cloudtaser var/lib/cloudtaser var/run; do
	mkdir -p "$root/$directory"
done
install -d -m 1777 "$root/tmp"
printf 'root:x:0:0:root:/:/nonexistent\nnobody:x:65534:65534:nobody:/:/nonexistent\n' >"$root/etc/passwd"
printf 'root:x:0:\nnogroup:x:65534:\n' >"$root/etc/group"
