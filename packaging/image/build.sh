#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds the container image by buildah, from the committed tree and a base made of Debian packages, and writes it as an OCI
# archive to build/image.tar. Needs root, or a user with subordinate ids. Usage: build.sh NAME:TAG
set -euo pipefail
cd "$(dirname "$0")/../.."
name=$1
suite=${SUITE:-bookworm}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
umask 022

for command in buildah mmdebstrap; do
	command -v "$command" >/dev/null || {
		echo "$command is missing: apt-get install -y --no-install-recommends buildah mmdebstrap" >&2
		exit 1
	}
done
# Plain chroots, and files on the host's own file system: works where neither user namespaces nor overlayfs are to be had.
export BUILDAH_ISOLATION=chroot STORAGE_DRIVER=${STORAGE_DRIVER:-vfs}
export STORAGE_OPTS=

packages=build-essential,ca-certificates,python3,nodejs,npm,git,bpftool,clang-19,llvm-19,libbpf-dev,libelf-dev,zlib1g-dev,libnode-dev
base=localhost/cloudtaser-base:$suite
if ! buildah inspect --type image "$base" >/dev/null 2>&1; then
	echo "base: Debian $suite with what the build needs"
	mmdebstrap --variant=minbase --include="$packages" "$suite" "$work/base.tar" 2>"$work/base.log" || {
		tail -n 20 "$work/base.log" >&2
		exit 1
	}
	container=$(buildah from scratch)
	buildah add -q "$container" "$work/base.tar" / >/dev/null
	# Authorities that this machine trusts, for who reaches the registries through a proxy of their own.
	buildah copy -q "$container" /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt >/dev/null
	buildah commit -q --rm "$container" "$base" >/dev/null
	rm "$work/base.tar"
fi

# What is committed, and nothing that lies beside it.
mkdir "$work/tree"
git archive HEAD | tar -x -C "$work/tree"
buildah bud --layers=false --build-arg BASE="$base" --file packaging/image/Containerfile --tag "$name" "$work/tree"
mkdir -p build
rm -f build/image.tar
buildah push -q "$name" "oci-archive:build/image.tar:${name##*/}" >/dev/null
container=$(buildah from "$name")
root=$(buildah mount "$container")
printf '%s: %s MB unpacked, %s MB as build/image.tar\n' "$name" "$(du -sm "$root" | cut -f1)" "$(du -sm build/image.tar | cut -f1)"
buildah umount "$container" >/dev/null
buildah rm "$container" >/dev/null
