#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Finds which system packages the build and the lab lack; installs them as root or with sudo, else prints the one line to run.
set -euo pipefail
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin # some of them lie there, and a user's PATH may leave those out

missing=()
need() { command -v "$1" >/dev/null 2>&1 || missing+=("$2"); }
need_file() { [ -e "$1" ] || missing+=("$2"); }

need gcc build-essential
need g++ build-essential
need python3 python3
need clang-19 clang-19
need llvm-strip-19 llvm-19
# For the fuzzers, with sanitizers.
need_file "/usr/lib/llvm-19/lib/clang/19/lib/linux/libclang_rt.fuzzer-$(uname -m).a" libclang-rt-19-dev
need clang-format-19 clang-format-19
need bpftool bpftool
need qemu-system-x86_64 qemu-system-x86
need mmdebstrap mmdebstrap
need mke2fs e2fsprogs
need cpio cpio
need depmod kmod
need git git
need xz xz-utils
need zstd zstd
need npm npm
need_file /usr/include/bpf/libbpf.h libbpf-dev
need_file /usr/include/libelf.h libelf-dev
need_file /usr/include/zlib.h zlib1g-dev
need_file /bin/busybox busybox-static
need_file /usr/share/seabios seabios
need_file /usr/share/keyrings/debian-archive-keyring.gpg debian-archive-keyring

# For the guests of another processor, and what runs in them.
if [ "${1-}" = arm64 ]; then
	need aarch64-linux-gnu-gcc gcc-aarch64-linux-gnu
	need aarch64-linux-gnu-g++ g++-aarch64-linux-gnu
	need_file /usr/aarch64-linux-gnu/lib/libc.a libc6-dev-arm64-cross
	need qemu-system-aarch64 qemu-system-arm
fi

if [ ${#missing[@]} -gt 0 ]; then
	mapfile -t missing < <(printf '%s\n' "${missing[@]}" | sort -u)
	install="apt-get install -y --no-install-recommends ${missing[*]}"
	if [ "$(id -u)" = 0 ]; then run=(); elif sudo -n true 2>/dev/null; then run=(sudo -n); else
		printf 'These packages are missing. Run this line, then make again:\n  sudo apt-get update && sudo %s\n' "$install" >&2
		exit 1
	fi
	printf '  %-8s %s\n' APT "${missing[*]}"
	"${run[@]}" apt-get update -qq
	DEBIAN_FRONTEND=noninteractive "${run[@]}" $install >/dev/null
fi

node_is_recent() {
	node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' 2>/dev/null
}

# Debian 12 and Ubuntu 24.04 bring an older one; the npm registry has the binary as a package.
if ! node_is_recent; then
	found=$(node --version 2>/dev/null || echo none)
	if [ "$(id -u)" = 0 ]; then run=(); elif sudo -n true 2>/dev/null; then run=(sudo -n); else
		printf 'Node 20.19 or later is needed, found %s. Run this line, then make again:\n  sudo npm install --global node@22\n' "$found" >&2
		exit 1
	fi
	printf '  %-8s %s\n' NPM "node@22 (found $found)"
	"${run[@]}" npm install --global --loglevel=error node@22 >/dev/null
	hash -r
	if ! node_is_recent; then
		printf 'Node 20.19 or later is needed, and the one first in PATH is %s. Put a later one before it.\n' "$(command -v node)" >&2
		exit 1
	fi
fi
