#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A protected service in Python that does what services do: threads, children, TLS, memfd, sendfile, a look at itself.

Answers GET /NAME with "ok" or the reason why not; POST nothing. Its log goes to standard error and to a file.
"""
import ctypes
import faulthandler
import logging
import os
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PORT = 8090
CERTIFICATE = "/run/ledger.pem"
SYS_MEMFD_SECRET = 447


def look_at_itself():
    for name in ("environ", "maps", "smaps_rollup", "auxv", "status", "io", "limits", "cgroup", "oom_score_adj"):
        with open(f"/proc/self/{name}", "rb") as file:
            file.read()
    with open(f"/proc/{os.getpid()}/task/{threading.get_native_id()}/maps", "rb") as file:
        file.read()
    text = ctypes.create_string_buffer(b"its own memory")
    with open("/proc/self/mem", "rb", 0) as memory:
        memory.seek(ctypes.addressof(text))
        assert memory.read(14) == b"its own memory"
    for link in os.listdir("/proc/self/fd"):
        if os.path.exists(f"/proc/self/fd/{link}") and os.path.isfile(f"/proc/self/fd/{link}"):
            os.close(os.open(f"/proc/self/fd/{link}", os.O_RDONLY))


def have_children():
    assert subprocess.run(["/bin/sh", "-c", "cat /proc/$PPID/environ >/dev/null && echo done"], capture_output=True, text=True).stdout == "done\n"
    child = os.fork()
    if child == 0:
        os.execv("/bin/true", ["true"])
    assert os.waitpid(child, 0)[1] == 0


def use_threads():
    total = []
    threads = [threading.Thread(target=lambda: total.append(sum(range(10000)))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(total) == 8


def hold_memory():
    memfd = os.memfd_create("ledger")
    os.write(memfd, b"held")
    assert os.pread(memfd, 4, 0) == b"held"
    with open(f"/proc/self/fd/{memfd}", "rb") as again:
        assert again.read() == b"held"
    os.close(memfd)
    libc = ctypes.CDLL(None, use_errno=True)
    secret = libc.syscall(SYS_MEMFD_SECRET, 0)
    if secret >= 0:
        os.ftruncate(secret, 4096)
        os.close(secret)
    else:
        # Not in this kernel, or not switched on at boot; EPERM would be ours.
        assert ctypes.get_errno() in (38, 22), ctypes.get_errno()


def send_file():
    left, right = socket.socketpair()
    with tempfile.TemporaryFile() as file:
        file.write(b"static " * 1000)
        file.flush()
        sent = os.sendfile(left.fileno(), file.fileno(), 0, 7000)
    assert sent == 7000
    left.close()
    right.close()


def talk_tls():
    """To a database of its own that lives in a thread: TLS both ways over the loopback."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(CERTIFICATE)
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        connection, _ = listener.accept()
        with server.wrap_socket(connection, server_side=True) as stream:
            stream.sendall(stream.recv(64).upper())

    thread = threading.Thread(target=serve)
    thread.start()
    client = ssl.create_default_context(cafile=CERTIFICATE)
    client.check_hostname = False
    with client.wrap_socket(socket.create_connection(listener.getsockname())) as stream:
        stream.sendall(b"select")
        assert stream.recv(64) == b"SELECT"
    thread.join()
    listener.close()


def write_logs():
    logging.info("entry written")
    with open("/dev/kmsg", "w") as kernel_log:
        kernel_log.write("ledger: entry\n")


def crash_handler():
    with tempfile.TemporaryFile("w+") as trace:
        faulthandler.dump_traceback(trace)
        trace.seek(0)
        assert "crash_handler" in trace.read()


WORK = {
    "self": look_at_itself,
    "children": have_children,
    "threads": use_threads,
    "memory": hold_memory,
    "sendfile": send_file,
    "tls": talk_tls,
    "logs": write_logs,
    "crash": crash_handler,
}


class Ledger(BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        try:
            WORK[self.path[1:]]()
            status, body = 200, b"ok"
        except Exception as error:  # whatever it is, the test is told
            status, body = 500, repr(error).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


logging.basicConfig(filename="/var/log/ledger.log", level=logging.INFO)
faulthandler.enable()
if sys.argv[1:] == ["hog"]:
    hoard = []
    while True:
        hoard.append(bytearray(os.urandom(1 << 20)))
ThreadingHTTPServer(("127.0.0.1", PORT), Ledger).serve_forever()
