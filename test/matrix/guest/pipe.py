# SPDX-License-Identifier: Apache-2.0
# A FIFO into which one process puts a page of its own memory (put FIFO), and from which another moves it to a file
# (take FIFO): both by the calls that copy nothing. "put" waits for a line before each page.
import ctypes
import mmap
import os
import sys

MARKER = b"of-its-own-memory"
libc = ctypes.CDLL(None, use_errno=True)


class Piece(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]


def put(fifo):
    memory = mmap.mmap(-1, 4096, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    memory.write(MARKER)
    piece = Piece(ctypes.addressof(ctypes.c_char.from_buffer(memory)), len(MARKER))
    for _ in sys.stdin:
        print(libc.vmsplice(fifo, ctypes.byref(piece), 1, 0), flush=True)


def take(fifo):
    out = os.open("/var/tmp/taken", os.O_RDWR | os.O_CREAT | os.O_TRUNC)
    moved = libc.splice(fifo, None, out, None, len(MARKER), 2)
    print("moved" if moved > 0 and os.pread(out, 100, 0) == MARKER else os.strerror(ctypes.get_errno()))


verb, path = sys.argv[1:]
(put if verb == "put" else take)(os.open(path, os.O_RDWR | os.O_NONBLOCK))
