#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A Debian package from what make has built. Usage: build.sh FILE VERSION ARCHITECTURE
set -euo pipefail
cd "$(dirname "$0")/../.."
file=$1 version=$2 architecture=$3
root=build/deb
rm -rf "$root"
umask 022

make -s install DESTDIR="$root" BUNDLE_NODE=1
mkdir -p "$root/DEBIAN"
# Node's own licences lie beside its binary.
node=$(readlink -f "${NODE:-$(command -v node)}")
for licence in "$(dirname "$node")/../LICENSE" /usr/share/doc/nodejs/copyright; do
	[ -e "$licence" ] && install -m 0644 "$licence" "$root/usr/share/doc/cloudtaser/LICENSE.node" && break
done
cat >"$root/usr/share/doc/cloudtaser/copyright" <<-END
	Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/

	Files: *
	Copyright: the cloudtaser authors
	License: Apache-2.0
	 On Debian systems the text is in /usr/share/common-licenses/Apache-2.0.

	Files: usr/lib/cloudtaser/dist/bin/* usr/lib/cloudtaser/build/*
	Copyright: the cloudtaser authors, and those named in third-party-licences.txt
	License: Apache-2.0, and those in usr/lib/cloudtaser/third-party-licences.txt

	Files: usr/lib/cloudtaser/build/bpf/*
	Copyright: the cloudtaser authors
	License: GPL-2.0-only or BSD-2-Clause

	Files: usr/lib/cloudtaser/node
	Copyright: the Node.js contributors
	License: see LICENSE.node
END
cat >"$root/DEBIAN/control" <<-END
	Package: cloudtaser
	Version: $version
	Architecture: $architecture
	Maintainer: the cloudtaser authors <cloudtaser@localhost>
	Section: admin
	Priority: optional
	Depends: libbpf1, libc6 (>= 2.36), libelf1 | libelf1t64, libstdc++6, zlib1g
	Recommends: kmod, systemd
	Installed-Size: $(du -sk "$root" | cut -f1)
	Description: guards processes that hold secrets
	 A small daemon puts BPF programs at kernel hooks; they refuse ptrace, /proc/PID/mem,
	 /proc/PID/environ, process_vm_readv, descriptor theft, module and BPF loads on behalf of
	 the processes that it protects, before any data moves, and report every attempt.
END
echo /etc/cloudtaser/config.yaml >"$root/DEBIAN/conffiles"
for script in postinst prerm postrm; do
	install -m 0755 "packaging/debian/$script" "$root/DEBIAN/$script"
done
(cd "$root" && find usr etc -type f -print0 | sort -z | xargs -0 md5sum) >"$root/DEBIAN/md5sums"

# The same input makes the same file.
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || date +%s)}
find "$root" -print0 | xargs -0 touch --no-dereference --date="@$SOURCE_DATE_EPOCH"
dpkg-deb --root-owner-group -Zxz -z1 --build "$root" "$file" >/dev/null
printf '%s, %s bytes\n' "$file" "$(stat -c %s "$file")"
