#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Where the key is wanted: takes what comes to a port and to a FIFO, and keeps it in the inbox."""
import os
import socket
import threading

FOLDER = "/tmp/attacker"


def keep(data):
    inbox = os.open(FOLDER + "/inbox", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.write(inbox, data)
    os.close(inbox)


def listen_to_fifo():
    # For writing too: so there is always somebody at the other end.
    fifo = os.open(FOLDER + "/fifo", os.O_RDWR)
    while True:
        keep(os.read(fifo, 65536))


os.makedirs(FOLDER, exist_ok=True)
os.mkfifo(FOLDER + "/fifo")
threading.Thread(target=listen_to_fifo, daemon=True).start()
server = socket.create_server(("127.0.0.1", 8082))
print("listening", flush=True)
while True:
    caller, _ = server.accept()
    with caller:
        while data := caller.recv(65536):
            keep(data)
