# SPDX-License-Identifier: Apache-2.0
"""One IORING_OP_SEND by the bare system calls: set up a ring, put an entry in, enter, look at what came out."""
import ctypes
import mmap
import os
import struct

SETUP, ENTER = 425, 426
OP_SEND = 26
GETEVENTS = 1
OFF_SQ_RING, OFF_CQ_RING, OFF_SQES = 0, 0x8000000, 0x10000000
ENTRIES = 4
# struct io_uring_params: ten words, then the places of the fields in both rings.
PARAMS = 120
SQ_OFFSETS, CQ_OFFSETS = 40, 80

libc = ctypes.CDLL(None, use_errno=True)


def call(*arguments):
    result = libc.syscall(*(ctypes.c_long(one) if isinstance(one, int) else one for one in arguments))
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
    return result


def send(to, data):
    params = ctypes.create_string_buffer(PARAMS)
    ring = call(SETUP, ENTRIES, params)
    try:
        use(ring, params.raw, to, data)
    finally:
        os.close(ring)


def use(ring, params, to, data):
    _, sq_tail, _, _, _, _, sq_array = struct.unpack_from("7I", params, SQ_OFFSETS)
    _, _, _, _, _, cqes = struct.unpack_from("6I", params, CQ_OFFSETS)
    flags, access = mmap.MAP_SHARED | mmap.MAP_POPULATE, mmap.PROT_READ | mmap.PROT_WRITE
    submit = mmap.mmap(ring, sq_array + 4 * ENTRIES, flags, access, offset=OFF_SQ_RING)
    complete = mmap.mmap(ring, cqes + 32 * ENTRIES, flags, access, offset=OFF_CQ_RING)
    entries = mmap.mmap(ring, 64 * ENTRIES, flags, access, offset=OFF_SQES)
    buffer = ctypes.create_string_buffer(data, len(data))
    # opcode, flags, priority, descriptor, offset, address, length
    struct.pack_into("BBHiQQI", entries, 0, OP_SEND, 0, 0, to, 0, ctypes.addressof(buffer), len(data))
    struct.pack_into("I", submit, sq_array, 0)
    struct.pack_into("I", submit, sq_tail, 1)
    call(ENTER, ring, 1, 1, GETEVENTS, None, 0)
    (sent,) = struct.unpack_from("i", complete, cqes + 8)
    if sent < 0:
        raise OSError(-sent, os.strerror(-sent))
