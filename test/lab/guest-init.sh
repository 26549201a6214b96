#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# First program in the guest, twice: as /init of the initramfs it loads the disk drivers and enters the real root;
# there, called with "inside", it mounts what a machine has mounted and starts the agent. No security default is changed.

disk() {
    for serial in /sys/block/vd*/serial; do
        [ "$(cat "$serial")" = "$1" ] && basename "${serial%/serial}" && return 0
    done
    return 1
}

outside() {
    PATH=/bin
    mount -t proc proc /proc
    mount -t sysfs sysfs /sys
    mount -t devtmpfs devtmpfs /dev
    while read -r module; do
        insmod "/modules/$module" || echo "lab: module $module was not loaded"
    done < /modules/order
    tries=0
    until disk root > /dev/null; do
        tries=$((tries + 1))
        [ $tries -gt 200 ] && echo "lab: no root disk" && poweroff -f
        sleep 0.05
    done
    mount -t ext4 -o noatime "/dev/$(disk root)" /root
    for part in modules:usr/lib/modules node:opt/node product:opt/cloudtaser packages:opt/cloudtaser/node_modules; do
        name=$(disk "${part%%:*}") && mount -t ext4 -o ro "/dev/$name" "/root/${part#*:}"
    done
    mount -t tmpfs -o mode=755 tmpfs /root/run
    mkdir -p /root/run/lab
    cp /lab/* /root/run/lab/
    mount --move /proc /root/proc
    mount --move /sys /root/sys
    mount --move /dev /root/dev
    exec switch_root /root /run/lab/init inside
}

inside() {
    export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
    mkdir -p /dev/pts /dev/shm
    mount -t devpts -o gid=5,mode=620,ptmxmode=666 devpts /dev/pts
    mount -t tmpfs -o mode=1777 tmpfs /dev/shm
    mount -t tmpfs -o mode=1777 tmpfs /tmp
    mount -t cgroup2 cgroup2 /sys/fs/cgroup
    mount -t securityfs securityfs /sys/kernel/security
    mount -t debugfs debugfs /sys/kernel/debug
    mount -t tracefs tracefs /sys/kernel/tracing
    mount -t bpf bpf /sys/fs/bpf
    ln -sf /proc/self/fd /dev/fd
    ln -sf /proc/self/fd/0 /dev/stdin
    ln -sf /proc/self/fd/1 /dev/stdout
    ln -sf /proc/self/fd/2 /dev/stderr
    echo lab > /proc/sys/kernel/hostname
    echo "4 4 1 4" > /proc/sys/kernel/printk
    ip link set lo up
    port=/dev/$(basename "$(dirname "$(grep -l '^agent$' /sys/class/virtio-ports/*/name)")")
    case " $(cat /proc/cmdline) " in
    *" lab.shell "*)
        /run/lab/agent "$port" &
        cd /root || cd /
        tty=/dev/ttyS0
        [ -c /dev/ttyAMA0 ] && tty=/dev/ttyAMA0
        HOME=/root TERM=${TERM:-vt100} setsid -c bash -i < $tty > $tty 2>&1
        busybox poweroff -f
        ;;
    *" lab.systemd "*)
        /run/lab/agent "$port" < /dev/null &
        exec /lib/systemd/systemd
        ;;
    esac
    exec /run/lab/agent "$port" < /dev/null
}

if [ "$1" = inside ]; then inside; else outside; fi
