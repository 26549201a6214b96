// SPDX-License-Identifier: Apache-2.0
// What fills maps in test/matrix/full-maps.test.ts: programs for python3 in the guest.

/** Opens a file, then reads from it and opens it many times more as it is told; its own answer is one line each. */
export const reader = `
import os, sys
path, held = sys.argv[1], []
for line in sys.stdin:
    for i in range(int(line.split()[1]) if line.startswith("open") else 0): held.append(os.open(path, os.O_RDONLY))
    if line.startswith("read"): os.pread(held[int(line.split()[1])], 64, 0)
    print("done", flush=True)
`;

/** Offenders that live side by side, each of which tries several times; prints how often they were refused. */
export const offenders = `
import os, sys
path, count, times = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
said, say = os.pipe()
for i in range(count):
    if os.fork() == 0:
        for n in range(times):
            try: os.close(os.open(path, os.O_RDONLY))
            except PermissionError: os.write(say, b"x")
        os.write(say, b"."); sys.stdin.read(); os._exit(0)
ended = refused = 0
while ended < count:
    answer = os.read(said, 4096)
    ended, refused = ended + answer.count(b"."), refused + answer.count(b"x")
print(refused, flush=True)
sys.stdin.read()
`;

/** How many of these processes can be read. */
export const counter = `
import os, sys
def can_be_read(pid):
    try: os.close(os.open("/proc/%s/environ" % pid, os.O_RDONLY)); return True
    except PermissionError: return False
print(sum(map(can_be_read, sys.argv[1:])))
`;

/** Children that sleep in a control group; prints their numbers. */
export const sleepers = `
import os, sys, time
open(sys.argv[1] + "/cgroup.procs", "w").write("0")
def child():
    pid = os.fork()
    if pid == 0: time.sleep(100000)
    return pid
print(*[child() for i in range(int(sys.argv[2]))], flush=True)
sys.stdin.read()
`;

/** By /proc/PID/ns/net, or by a pidfd; prints the errno. */
export const enter = `
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
pid, how = int(sys.argv[1]), sys.argv[2]
try: fd = os.open("/proc/%d/ns/net" % pid, os.O_RDONLY) if how == "file" else libc.syscall(434, pid, 0)
except PermissionError as error: print(error.errno); sys.exit()
print(ctypes.get_errno() if libc.setns(fd, 0x40000000) else 0)
`;
